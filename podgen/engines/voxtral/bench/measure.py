"""What a device can do at most, and how to time what it does."""

from __future__ import annotations

import platform
import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

import torch

from podgen.engines.voxtral.batch.decoding import new_stream
from podgen.engines.voxtral.model.backbone import padded, position_bytes
from podgen.engines.voxtral.model.config import Params, TransformerArgs

_BITS = {"int8": 8, "fp8": 8, "int4": 4.25}


def machine(device: torch.device) -> dict[str, object]:
    """The machine and the versions that figures were measured with."""
    found: dict[str, object] = {
        "device": "CPU " + (platform.processor() or platform.machine()),
        "system": platform.platform(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
    }
    if device.type == "cuda":
        found["device"] = torch.cuda.get_device_name(device)
        triton = sys.modules.get("triton")
        found["triton"] = getattr(triton, "__version__", None)
    return found


def synchronise(device: torch.device) -> None:
    """Wait until the device has done all it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def seconds(run: Callable[[], object], device: torch.device, repeat: int = 5) -> float:
    """The median time of `run` in seconds, after one run that does not count."""
    run()
    times = []
    for _ in range(repeat):
        synchronise(device)
        begun = perf_counter()
        run()
        synchronise(device)
        times.append(perf_counter() - begun)
    return statistics.median(times)


def graphed_seconds(run: Callable[[], object], device: torch.device, repeat: int = 20) -> float:
    """The time of one `run`, captured and replayed without gaps where the device can."""
    if device.type != "cuda":
        return seconds(run, device, 3)
    side = new_stream(device)
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        run()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, stream=side):
        run()

    def replays() -> None:
        for _ in range(repeat):
            graph.replay()

    return seconds(replays, device) / repeat


def copy_rate(device: torch.device, size: int) -> float:
    """Bytes a second that a copy within the device moves, read and written ones together."""
    source = torch.empty(size, dtype=torch.uint8, device=device).random_(0, 255)
    target = torch.empty_like(source)
    return 2 * size / seconds(lambda: target.copy_(source), device)


def product_rate(device: torch.device, dtype: torch.dtype, size: int) -> float:
    """Operations a second of a square matrix product on random numbers."""
    left, right = (torch.randn(size, size, device=device, dtype=dtype) for _ in range(2))
    return 2 * size**3 / seconds(lambda: left @ right, device)


@dataclass(frozen=True, slots=True)
class Cost:
    """What one frame of a batch takes at least."""

    backbone_bytes: float
    backbone_operations: float
    acoustic_bytes: float
    acoustic_operations: float

    def floor(self, copy: float, product: float) -> float:
        """Seconds at so many bytes and operations a second, one net after the other."""
        backbone = max(self.backbone_bytes / copy, self.backbone_operations / product)
        return backbone + max(self.acoustic_bytes / copy, self.acoustic_operations / product)


def frame_cost(
    params: Params, rows: int, position: float, steps: int, dtype: torch.dtype, quantise: str
) -> Cost:
    """The cost of a frame of `rows` turns that stand at `position` on average.

    Weights are read once a step, keys and values once; the acoustic transformer is counted as it
    is computed here, without what `acoustic` hoists and leaves out.
    """
    size = dtype.itemsize
    attention, rest = _layer_weights(params.backbone)
    backbone = params.backbone.n_layers * (attention + rest)
    weight_size = _BITS[quantise] / 8 if quantise in _BITS else size
    stored = rows * position * position_bytes(params.backbone, dtype)
    net = params.acoustic
    first, other = _layer_weights(net)
    weights = net.n_layers * (first + other)
    head = padded(params.semantic_codes) * net.dim + net.dim * net.dim
    products = 0
    for i in range(net.n_layers):
        last = i + 1 == net.n_layers
        products += first * (1 if i == 0 else 6) + other * (2 if last else 6)
    return Cost(
        backbone_bytes=backbone * weight_size + stored,
        backbone_operations=2.0 * rows * backbone,
        acoustic_bytes=float(size * (steps * weights + head)),
        acoustic_operations=2.0 * rows * (steps * products + head),
    )


def _layer_weights(args: TransformerArgs) -> tuple[int, int]:
    """Weights of a layer's first projections, and of all its others."""
    first = args.dim * (args.q_width + 2 * args.kv_width)
    return first, args.dim * args.q_width + 3 * args.dim * args.hidden_dim


def peak_bytes(device: torch.device) -> int | None:
    """The most memory allocated since the last `reset_peak`; None where nobody counts."""
    return torch.cuda.max_memory_allocated(device) if device.type == "cuda" else None


def reset_peak(device: torch.device) -> None:
    """Begin to count anew."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
