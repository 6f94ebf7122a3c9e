"""How fast the model can be at best on a device: arithmetic, for which it need not be there."""

from __future__ import annotations

import torch

from podgen.engines.voxtral.batch.devices import choose_devices, choose_dtype
from podgen.engines.voxtral.bench import measure
from podgen.engines.voxtral.bench.made_up import PUBLISHED
from podgen.engines.voxtral.model.config import parse_params
from podgen.engines.voxtral.text.pace import FRAME_RATE
from podgen.errors import MachineError

_POSITION = 400
"""Where a turn stands on average: behind its prompt, and 10 s of speech or so."""


def outlook(wanted: str, dtype: str, quantise: str, batch: int | None) -> str:
    """The most sound a second, for one turn and for many, in one line.

    It is what the weights' and keys' way through the memory and the products leave
    (`measure.frame_cost`), at the copy bandwidth and product rate that the device shows now.

    Args:
        wanted: the `device` setting; where auto finds no GPU, the CPU.
        dtype: the setting.
        quantise: the setting.
        batch: the setting.

    Raises:
        MachineError: where a device that was asked for by name is not there.
    """
    try:
        name = choose_devices(wanted)[0]
    except MachineError:
        if wanted != "auto":
            raise
        name = "cpu"
    device, kind = torch.device(name), choose_dtype(dtype)
    on_gpu = device.type != "cpu"
    copy = measure.copy_rate(device, (1 << 30) if on_gpu else (1 << 28))
    # A CPU multiplies in float32 whatever it keeps.
    product = measure.product_rate(
        device, kind if on_gpu else torch.float32, 8192 if on_gpu else 1024
    )
    params = parse_params(PUBLISHED)
    rates = []
    for rows in (1, batch or (64 if on_gpu else 4)):
        cost = measure.frame_cost(params, rows, _POSITION, params.decoding_steps, kind, quantise)
        rates.append((rows, rows / cost.floor(copy, product) / FRAME_RATE))
    said = ", ".join(f"{float(f'{rate:.2g}'):g} ({_turns(rows)})" for rows, rate in rates)
    return (
        f"at best {said} s of sound a second on {name}, by arithmetic from {copy / 1e9:.3g} GB/s "
        f"and {product / 1e12:.2g} TFLOP/s measured now; podgen bench voxtral measures the model"
    )


def _turns(rows: int) -> str:
    return "one turn" if rows == 1 else f"{rows} at once"
