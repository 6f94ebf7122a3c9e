"""The residual stream of the transformer layers: read normed, and added to."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

FEW = 16
"""Rows that one tile of the matrix units holds; so many cost no more than one."""


class Linear(Protocol):
    """A projection of the last dimension."""

    def __call__(self, x: Tensor) -> Tensor:
        """x [..., inputs] to [..., outputs]."""
        ...

    @property
    def rows(self) -> tuple[Tensor, Tensor | None] | None:
        """The weight [outputs, inputs] with the scale of each output, if any; None where it is
        kept in another form."""
        ...


class Norms(Protocol):
    """What the stream needs of the operations: see `ops.TorchOps`."""

    def norm(self, x: Tensor, weight: Tensor, eps: float) -> Tensor:
        """RMS norm over the last dimension."""
        ...

    def add_norm(
        self, x: Tensor, delta: Tensor, weight: Tensor, eps: float
    ) -> tuple[Tensor, Tensor]:
        """The residual sum and its RMS norm."""
        ...

    def silu_mul(self, gate_up: Tensor) -> Tensor:
        """SwiGLU's middle."""
        ...


class Residual:
    """A stream that waits with a sum until its norm is asked for, so that one kernel does both.

    Args:
        ops: the operations.
        x: what it begins with, [..., dim].
        eps: of the norms.
    """

    def __init__(self, ops: Norms, x: Tensor, eps: float) -> None:
        self._ops = ops
        self._eps = eps
        self._x = x
        self._delta: Tensor | None = None

    def normed(self, gain: Tensor) -> Tensor:
        """The stream's RMS norm with a gain [dim]."""
        if self._delta is None:
            return self._ops.norm(self._x, gain, self._eps)
        self._x, normed = self._ops.add_norm(self._x, self._delta, gain, self._eps)
        self._delta = None
        return normed

    def project(self, gain: Tensor, linear: Linear) -> Tensor:
        """A projection of the normed stream."""
        return linear(self.normed(gain))

    def gate(self, gain: Tensor, gate_up: Linear) -> Tensor:
        """SwiGLU's middle of the normed stream: see `TorchOps.silu_mul`."""
        return self._ops.silu_mul(gate_up(self.normed(gain)))

    def add(self, linear: Linear, x: Tensor) -> None:
        """Add a projection of `x`. The norm is asked for before the next one is added."""
        assert self._delta is None
        self._delta = linear(x)

    def narrow(self, count: int) -> None:
        """Go on with the first entries of the first dimension alone."""
        self._x = self._x[:count]
