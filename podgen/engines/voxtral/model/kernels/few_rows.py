# mypy: disable-error-code="import-not-found, import-untyped"
"""The residual stream of a few rows, where a step is a row of small kernels and each one's start
counts: sums, norms and gates are part of the products before and after them."""

from __future__ import annotations

from torch import Tensor

from podgen.engines.voxtral.model.kernels.products import Norm, product
from podgen.engines.voxtral.model.residual import Linear, Norms, Residual


class FewRows(Residual):
    """See `Residual`. A product that adds to the stream leaves the sums of its squares, by which
    the next one norms its input as it reads it.

    Args:
        ops: the operations of what is not so fused.
        x: what it begins with, [..., dim].
        eps: of the norms.
        whole: whether weights as they are go through our kernel, too, not only scaled ones.
    """

    def __init__(self, ops: Norms, x: Tensor, eps: float, *, whole: bool) -> None:
        super().__init__(ops, x, eps)
        self._whole = whole
        self._squares: Tensor | None = None

    def project(self, gain: Tensor, linear: Linear) -> Tensor:
        """See `Residual.project`."""
        made = self._read(gain, linear, gated=False)
        return super().project(gain, linear) if made is None else made

    def gate(self, gain: Tensor, gate_up: Linear) -> Tensor:
        """See `Residual.gate`."""
        made = self._read(gain, gate_up, gated=True)
        return super().gate(gain, gate_up) if made is None else made

    def add(self, linear: Linear, x: Tensor) -> None:
        """See `Residual.add`."""
        self._squares = None
        rows = self._rows(linear)
        if rows is None:
            super().add(linear, x)
            return
        assert self._delta is None
        self._x, self._squares = product(x, *rows, residual=self._x)

    def narrow(self, count: int) -> None:
        """See `Residual.narrow`."""
        super().narrow(count)
        self._squares = None

    def _read(self, gain: Tensor, linear: Linear, *, gated: bool) -> Tensor | None:
        rows = self._rows(linear)
        if rows is None or self._squares is None:
            return None
        norm = Norm(gain, self._squares, self._eps)
        return product(self._x, *rows, norm=norm, gated=gated)[0]

    def _rows(self, linear: Linear) -> tuple[Tensor, Tensor | None] | None:
        rows = linear.rows
        return rows if rows and (self._whole or rows[1] is not None) else None
