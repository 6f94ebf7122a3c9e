"""An Apple GPU as far as a machine without one can have it: tensors that say they are on another
device, hold their numbers on the CPU, and refuse what PyTorch's MPS backend refuses. The device is
`meta`, since no build without MPS lets a tensor say that it is there.

Which operations it has, PyTorch's own table says, native_functions.yaml, which comes with every
build in `torchgen`: those dispatched to MPS, and those made of others. Of numbers it has no float64
("the MPS framework doesn't support float64") and no float8. There are no graphs and no streams.
Host and device cannot be mixed but by copies and single numbers.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import torch
import yaml
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

MPS = torch.device("meta")
COPIES = {"_to_copy", "copy_", "_local_scalar_dense"}
NO_NUMBERS = {torch.float64, torch.complex128, torch.float8_e4m3fn, torch.float8_e5m2}
ATTENTION = "_scaled_dot_product"
"""Attention has a kernel of its own there, whichever it has elsewhere."""


class OnMps(Tensor):
    """A tensor that says it is on an Apple GPU."""

    held: Tensor

    @staticmethod
    def __new__(cls, held: Tensor) -> OnMps:
        made: OnMps = Tensor._make_wrapper_subclass(
            cls, held.size(), strides=held.stride(), storage_offset=held.storage_offset(),
            dtype=held.dtype, device=MPS,
        )  # fmt: skip
        made.held = held
        return made

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        raise AssertionError(f"{func} outside of the simulation")


class _Lists(TorchFunctionMode):
    """Tensors from lists and to lists, which are not dispatched."""

    def __torch_function__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        kwargs = dict(kwargs or {})
        if func is torch.tensor and kwargs.get("device") == MPS:
            return func(*args, **{**kwargs, "device": "cpu"}).to(MPS)
        if func is Tensor.tolist and isinstance(args[0], OnMps):
            return args[0].held.tolist()
        return func(*args, **kwargs)


class Apple(TorchDispatchMode):
    """While it is on, the device can be asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.ran: set[str] = set()
        self._lists = _Lists()

    def __enter__(self) -> Apple:
        self._lists.__enter__()
        super().__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        self._lists.__exit__(*error)

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        kwargs = dict(kwargs or {})
        tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
        asked = kwargs.get("device")
        asked = torch.device(asked) if asked is not None else None
        there = any(isinstance(one, OnMps) for one in tensors)
        if not there and asked != MPS:
            return func(*args, **kwargs)
        name = func.overloadpacket.__name__
        self._refuse(func, name, tensors, kwargs)
        self.ran.add(name)
        if asked == MPS:
            kwargs["device"] = torch.device("cpu")
        leaves = asked is not None and asked != MPS
        args_, kwargs_ = tree_map(_inside, (args, kwargs))
        out = func(*args_, **kwargs_)
        returns = func._schema.returns
        if returns and returns[0].alias_info and returns[0].alias_info.is_write:
            return args[0]
        return out if leaves else tree_map(_outside, out)

    def _refuse(self, func: Any, name: str, tensors: list[Tensor], kwargs: dict[str, Any]) -> None:
        if not name.startswith(ATTENTION) and not _has_it(
            func._schema.name.removeprefix("aten::"), func._schema.overload_name
        ):
            raise NotImplementedError(f"The operator '{func}' is not implemented for MPS")
        kinds = {one.dtype for one in tensors if isinstance(one, OnMps)} | {kwargs.get("dtype")}
        leaves = name == "_to_copy" and kwargs.get("device") == torch.device("cpu")
        if kinds & NO_NUMBERS and not leaves:
            raise TypeError(f"{func}: MPS has no {kinds & NO_NUMBERS}")
        host = [one for one in tensors if not isinstance(one, OnMps) and one.dim()]
        if host and name not in COPIES:
            raise RuntimeError(f"{func}: tensors on the CPU and on the device")


def _inside(leaf: Any) -> Any:
    return leaf.held if isinstance(leaf, OnMps) else leaf


def _outside(leaf: Any) -> Any:
    return OnMps(leaf) if isinstance(leaf, Tensor) else leaf


@cache
def _table() -> dict[str, dict[str, Any]]:
    text = files("torchgen").joinpath("packaged/ATen/native/native_functions.yaml").read_text()
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return {entry["func"].partition("(")[0]: entry for entry in yaml.load(text, Loader=loader)}


@cache
def _has_it(name: str, overload: str) -> bool:
    entry = _table().get(f"{name}.{overload}" if overload else name)
    if entry is None:
        return False
    if "structured_delegate" in entry:
        entry = _table()[entry["structured_delegate"]]
    keys = [key.strip() for keys in entry.get("dispatch") or {} for key in keys.split(",")]
    return not keys or "MPS" in keys or any(key.startswith("Composite") for key in keys)
