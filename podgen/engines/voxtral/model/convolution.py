"""Causal convolutions as one matrix product each: no library of convolutions, whose choice of
algorithm and precision is the whole process's, has a say in what comes out."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor


def causal_conv(x: Tensor, weight: Tensor, padding: str, stride: int = 1) -> Tensor:
    """Convolution that sees nothing to the right of the steps it makes one of.

    Args:
        x: [..., steps, inputs]; steps are a multiple of the stride.
        weight: [outputs, inputs, taps], the last tap for the last of `stride` steps.
        padding: what stands left of the start: "zeros", "replicate" the first step or "reflect"
            the next ones. An input too short to reflect is taken as if noughts followed it.
        stride: steps that become one.

    Returns:
        [..., steps / stride, outputs].
    """
    taps = weight.shape[2]
    padded = torch.cat([_before(x, taps - stride, padding), x], dim=-2)
    return F.linear(padded.unfold(-2, taps, stride).flatten(-2), weight.flatten(1))


def causal_upsample(x: Tensor, weight: Tensor, stride: int) -> Tensor:
    """Transposed convolution without its tail beyond steps * stride.

    Args:
        x: [..., steps, inputs].
        weight: as `upsampling_weight` makes it.
        stride: steps that come of one.

    Returns:
        [..., steps * stride, outputs].
    """
    made = causal_conv(x, weight, "zeros")
    return made.view(*x.shape[:-2], x.shape[-2] * stride, -1)


def upsampling_weight(weight: Tensor, stride: int) -> Tensor:
    """A transposed convolution's weight [inputs, outputs, kernel] as that of a convolution
    [stride * outputs, inputs, taps] whose outputs are the steps that come of one, in their order.
    """
    inputs, outputs, kernel = weight.shape
    whole = F.pad(weight, (0, -kernel % stride))
    taps = torch.unflatten(whole, 2, (-1, stride)).flip(2)  # the latest input has the first taps
    return taps.permute(3, 1, 0, 2).reshape(stride * outputs, inputs, -1)


def _before(x: Tensor, steps: int, padding: str) -> Tensor:
    """What stands left of x: [..., steps, inputs]."""
    *clips, length, width = x.shape
    if padding == "replicate":
        return x[..., :1, :].expand(*clips, steps, width)
    if padding == "zeros":
        return x.new_zeros(*clips, steps, width)
    short = max(0, steps + 1 - length)
    return F.pad(x, (0, 0, 0, short))[..., 1 : steps + 1, :].flip(-2)
