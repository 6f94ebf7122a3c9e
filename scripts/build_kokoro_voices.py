"""Rebuilds podgen/engines/data/kokoro_voices.npz from the npm package kokoro-js 1.2.1.

    npm pack kokoro-js@1.2.1
    python scripts/build_kokoro_voices.py kokoro-js-1.2.1.tgz [--check | --output FILE]

A voice is a float32 matrix [510, 1, 256]. Each half of it (columns 0:128 and 128:256) has a rank of
at most 8 in practice, so it is kept as two float16 factors: U*S and V of its singular value
decomposition, with the singular values above 3e-4 of the first. That is within 0.04 % of the
original and takes 0.8 MB for 54 voices in place of 28 MB.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import sys
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

TARBALL_SHA256 = "1f0d0383ef0349af0bd9440d81dc12abbea3a5392eb645283eda876f537f5860"
OUTPUT = Path(__file__).parent.parent / "podgen" / "engines" / "data" / "kokoro_voices.npz"
ROWS, WIDTH, HALF = 510, 256, 128
CUT = 3e-4

Matrix = npt.NDArray[np.float32]


def read_voices(tarball: Path) -> dict[str, Matrix]:
    """Voice name -> float32 [510, 256], from the verified tarball."""
    data = tarball.read_bytes()
    found = hashlib.sha256(data).hexdigest()
    if found != TARBALL_SHA256:
        sys.exit(f"{tarball} has SHA-256 {found}, not {TARBALL_SHA256}; run npm pack again")
    voices = {}
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for member in archive.getmembers():
            path = Path(member.name)
            if path.parent.name == "voices" and path.suffix == ".bin":
                body = archive.extractfile(member)
                assert body is not None
                voices[path.stem] = np.frombuffer(body.read(), "<f4").reshape(ROWS, WIDTH)
    return dict(sorted(voices.items()))


def factor(half: Matrix) -> tuple[npt.NDArray[np.float16], npt.NDArray[np.float16]]:
    """float16 factors [510, r] and [r, 128] whose product is `half`."""
    u, s, v = np.linalg.svd(half, full_matrices=False)
    rank = int((s > CUT * s[0]).sum())
    return (u[:, :rank] * s[:rank]).astype(np.float16), v[:rank].astype(np.float16)


def build(voices: dict[str, Matrix]) -> dict[str, npt.NDArray[np.float16]]:
    """The arrays of the data file: NAME.tu, .tv (timbre) and NAME.pu, .pv (prosody)."""
    arrays = {}
    for name, matrix in voices.items():
        for letter, half in (("t", matrix[:, :HALF]), ("p", matrix[:, HALF:])):
            arrays[f"{name}.{letter}u"], arrays[f"{name}.{letter}v"] = factor(half)
    return arrays


def write(arrays: dict[str, npt.NDArray[np.float16]], path: Path) -> None:
    """An .npz without dates, so that the same arrays give the same bytes."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in arrays.items():
            body = io.BytesIO()
            np.save(body, array)
            entry = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))
            archive.writestr(entry, body.getvalue(), zipfile.ZIP_DEFLATED)


def check(voices: dict[str, Matrix], path: Path) -> None:
    """Exit with an error unless every voice of `path` is within 0.1 % of the original."""
    worst = 0.0
    with np.load(path) as file:
        for name, matrix in voices.items():
            halves = [
                file[f"{name}.{h}u"].astype(np.float32) @ file[f"{name}.{h}v"].astype(np.float32)
                for h in "tp"
            ]
            error = np.linalg.norm(np.concatenate(halves, axis=1) - matrix)
            worst = max(worst, float(error / np.linalg.norm(matrix)))
    print(f"{len(voices)} voices, largest relative error {worst:.2e}")
    if worst > 1e-3:
        sys.exit(f"{path} does not hold the voices of the tarball; build it again")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("tarball", type=Path)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    parser.add_argument("--check", action="store_true", help="compare the file, write nothing")
    options = parser.parse_args()
    voices = read_voices(options.tarball)
    if not options.check:
        write(build(voices), options.output)
    check(voices, options.output)


if __name__ == "__main__":
    main()
