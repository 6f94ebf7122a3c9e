"""Whether this machine's devices compute what the reference does."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

from podgen.doctor.finding import Finding
from podgen.errors import MachineError


def prove_devices() -> Iterator[Finding]:
    """Voxtral's recorded outputs on every device and in every precision that there is.

    Raises:
        MachineError: a package that the engine computes with is missing.
    """
    for module in ("torch", "safetensors"):
        if find_spec(module) is None:
            raise MachineError(f"{module} is not installed", "pip install 'podgen[voxtral]'")
    from podgen.engines.voxtral.bench.proving import prove

    for proof in prove():
        yield Finding(f"{proof.device} {proof.precision}", proof.good, proof.detail)
