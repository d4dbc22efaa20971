"""A device that is none: its tensors say that they are on `meta`, and have their values in memory all the same.

What may not meet on a GPU may not meet here: an operation on a tensor of this device and one of the CPU is refused
(but for single numbers, where torch takes them), and so is `numpy()`. What a GPU would be waited for is noted.
"""

from __future__ import annotations

import functools
from typing import Any

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map


META = torch.device("meta")
# From one device to another.
_CROSSING = ("_to_copy", "copy_")
# Of these a GPU takes no single number of the CPU either.
_STRICT = ("bmm", "cat", "gather", "index_add", "index_select", "mm", "stack")
# Their result, or its shape, depends on values: the CPU waits until they are known.
_WAITING = ("_local_scalar_dense", "_unique2", "bincount", "masked_select", "nonzero", "unique_dim")


class OtherDevice(TorchDispatchMode):
    """Inside, `meta` is the other device; [`moved`] takes models and batches there.

    Attributes:
        waits: the operations so far that wait for a GPU, by their names in ATen.
    """

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[str] = []

    def __enter__(self) -> OtherDevice:
        # torch does not hand these to a mode, or does not know `meta` there.
        self._plain = {name: getattr(torch, name) for name in ("autocast", "tensor", "as_tensor")}
        torch.autocast = functools.partial(_autocast, self._plain["autocast"])
        torch.tensor = functools.partial(_made, self._plain["tensor"])
        torch.as_tensor = functools.partial(_made, self._plain["as_tensor"])
        return super().__enter__()

    def __exit__(self, *error) -> None:
        super().__exit__(*error)
        for name, plain in self._plain.items():
            setattr(torch, name, plain)

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        name = function.overloadpacket.__name__
        tensors = [value for value in tree_leaves((args, kwargs)) if isinstance(value, torch.Tensor)]
        there = [value for value in tensors if isinstance(value, Elsewhere)]
        goes_there = bool(there)
        if kwargs.get("device") is not None:
            goes_there = torch.device(kwargs["device"]) == META
            kwargs["device"] = torch.device("cpu")
        if not there and not goes_there:
            return function(*args, **kwargs)
        here = [value for value in tensors if not isinstance(value, Elsewhere) and (value.ndim or name in _STRICT)]
        if there and here and name not in _CROSSING:
            raise RuntimeError(f"{function}: a tensor of the CPU, {tuple(here[0].shape)}, among those of a GPU")
        if there and (name in _WAITING or (name in _CROSSING and not goes_there) or _by_mask(name, args)):
            self.waits.append(name)
        # What is done in place gives back the tensor that it was given.
        given = {id(value.inner): value for value in there}
        result = function(*tree_map(_inner, args), **tree_map(_inner, kwargs))
        return tree_map(lambda value: _there(value, given), result) if goes_there else result


class Elsewhere(torch.Tensor):
    """A tensor of the other device; `inner` has its values."""

    @staticmethod
    def __new__(cls, inner: torch.Tensor):
        layout = {"strides": inner.stride(), "storage_offset": inner.storage_offset(), "dtype": inner.dtype}
        return torch.Tensor._make_wrapper_subclass(cls, inner.size(), device=META, **layout)

    def __init__(self, inner: torch.Tensor):
        self.inner = inner

    def tolist(self) -> list:
        return self.cpu().tolist()

    def __repr__(self) -> str:
        return f"Elsewhere({self.inner!r})"

    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
        raise RuntimeError(f"{function} outside of OtherDevice")


def moved(value: Any) -> Any:
    """A model, in place, or a batch, on the other device."""
    if not isinstance(value, nn.Module):
        return tree_map(lambda part: Elsewhere(part) if isinstance(part, torch.Tensor) else part, value)
    known: dict[int, nn.Parameter] = {}  # tied parameters stay tied
    for module in value.modules():
        for name, parameter in module._parameters.items():
            if parameter is not None and id(parameter) not in known:
                known[id(parameter)] = nn.Parameter(Elsewhere(parameter.detach()), parameter.requires_grad)
            module._parameters[name] = None if parameter is None else known[id(parameter)]
        for name, buffer in module._buffers.items():
            module._buffers[name] = None if buffer is None else Elsewhere(buffer)
    return value


def _there(value: Any, given: dict[int, Elsewhere]) -> Any:
    if not isinstance(value, torch.Tensor):
        return value
    return given[id(value)] if id(value) in given else Elsewhere(value)


def _inner(value: Any) -> Any:
    return value.inner if isinstance(value, Elsewhere) else value


def _by_mask(name: str, args: tuple) -> bool:
    wanted = args[1] if name in ("index", "index_put", "index_put_") else ()
    return any(index is not None and index.dtype == torch.bool for index in wanted)


def _autocast(plain, device_type: str, *args, **kwargs):
    return plain("cpu" if device_type == "meta" else device_type, *args, **kwargs)


def _made(plain, data: Any, *, device=None, **kwargs) -> torch.Tensor:
    made = plain(data, **kwargs)
    return made if device is None else made.to(device)
