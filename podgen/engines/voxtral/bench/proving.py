"""The recorded outputs of the reference on this machine's devices, in every precision they have.

In float32, and on a CPU in 16 bits too, codes must be the recorded ones and waveforms within 1e-5.
Fewer bits round otherwise on every device; there the next frame after each recorded past is
compared, and must differ no more than such rounding makes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from podgen.engines.voxtral.batch.batching import Batching
from podgen.engines.voxtral.batch.devices import check_quantise, choose_devices
from podgen.engines.voxtral.bench.bench import check_goldens
from podgen.engines.voxtral.bench.drift import teacher_forced
from podgen.engines.voxtral.bench.goldens import Golden, compare, generate_all, read_goldens
from podgen.engines.voxtral.model.packed import can_pack
from podgen.engines.voxtral.model.whole import Make, Model, load_model
from podgen.errors import MachineError, PodgenError

GOLDEN = Path(__file__).parents[1] / "golden"
"""The packaged recordings, with the small checkpoint of random weights that they were made on."""


@dataclass(frozen=True, slots=True)
class Precision:
    """How weights and activations are kept, and how far from float32 that may lead.

    Attributes:
        error: the most that h may be off, |h - h_float32| / |h_float32|: twice and more of what a
            CPU shows on these weights.
    """

    name: str
    dtype: torch.dtype = torch.bfloat16
    quantise: str = "none"
    error: float = 0.0


PRECISIONS = (
    Precision("float32", torch.float32),
    Precision("bfloat16", error=0.02),
    Precision("float16", torch.float16, error=0.01),
    Precision("int8", quantise="int8", error=0.03),
    Precision("fp8", quantise="fp8", error=0.08),
    Precision("int4", quantise="int4", error=0.25),
)


@dataclass(frozen=True, slots=True)
class Proof:
    """What came out on a device in a precision, and whether it is as it must be."""

    device: str
    precision: str
    good: bool
    detail: str


def prove(folder: Path = GOLDEN) -> Iterator[Proof]:
    """Compare every device with the recordings in a folder, in every precision that it has."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # products this small make a second thread wait
    try:
        yield from _proofs(folder)
    finally:
        torch.set_num_threads(threads)


def _proofs(folder: Path) -> Iterator[Proof]:
    goldens = read_goldens(folder)
    reference = load_model(folder / "checkpoint", Make())
    for device in devices():
        for precision in PRECISIONS:
            try:
                check_quantise(precision.quantise, device)
            except MachineError:
                continue  # the device has no such numbers
            if precision.name == "fp8" and device == "mps":
                continue  # PyTorch has none there
            try:
                good, detail = _proved(folder, device, precision, goldens, reference)
            except PodgenError as error:
                good, detail = False, f"not equal: {error.problems[0].what}"
            except Exception as error:
                first = str(error).partition("\n")[0]
                good, detail = False, f"did not run: {type(error).__name__}: {first}"
            yield Proof(device, precision.name, good, detail)


def devices() -> list[str]:
    """The CPU and every GPU."""
    try:
        return ["cpu", *choose_devices("auto")]
    except MachineError:
        return ["cpu"]


def _proved(
    folder: Path, device: str, precision: Precision, goldens: Sequence[Golden], reference: Model
) -> tuple[bool, str]:
    if precision.dtype == torch.float32:
        check_goldens(folder, device)
        return True, f"equal: all codes of {len(goldens)} recordings, alone and in batches"
    packs = device == "cpu" and can_pack()
    make = Make(device=device, dtype=precision.dtype, quantise=precision.quantise, packs=packs)
    model = load_model(folder / "checkpoint", make)
    if packs and precision.quantise == "none":
        done = generate_all(model, [golden.turn for golden in goldens], Batching(3, 128))
        faults = [compare(golden, made) for golden, made in zip(goldens, done, strict=True)]
        wrong = next((fault for fault in faults if fault), None)
        return wrong is None, f"not equal: {wrong}" if wrong else "equal, computed in float32"
    drift = teacher_forced(reference, model, [(golden.turn, golden.codes) for golden in goldens])
    good = drift.hidden_error <= precision.error and drift.semantic_agreement >= 0.8
    said = (
        f"{round(drift.semantic_agreement * drift.frames)} of {drift.frames} semantic codes equal, "
        f"{drift.levels_off:.1%} of levels off, h by {drift.hidden_error:.2%}"
    )
    return good, f"{'equal within rounding' if good else 'not equal'}: {said}"
