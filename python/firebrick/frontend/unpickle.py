# SPDX-License-Identifier: Apache-2.0
"""Arrays from a pickle, without trusting it.

No object of NumPy or of anything else is built while the pickle is read: its three NumPy names
stand for inert classes of this module, which collect and check the arrays' parts.
"""

from __future__ import annotations

import io
import math
import pickle
import pickletools
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from firebrick.errors import FirebrickError, shown

MAX_BYTES = 1 << 24
"""Largest pickle that is read."""
MAX_STEPS = 1 << 16
"""Most instructions of a pickle: an empty set is one byte there, and hundreds in memory."""
MAX_RANK = 8
MAX_SIDE = 1 << 32

_ELEMENT_TYPES = ("f2", "f4", "f8")


_REFUSED = ("EMPTY_SET", "FROZENSET", "ADDITEMS")


class _DType:
    """Stands for `numpy.dtype`: a floating-point type and its byte order."""

    __slots__ = ("code", "order")

    def __init__(self, code: object, align: object = False, copy: object = True) -> None:
        if code not in _ELEMENT_TYPES:
            raise pickle.UnpicklingError(
                f"element type {shown(code)} is not one of {_ELEMENT_TYPES}"
            )
        self.code = str(code)
        self.order = "<"

    def __setstate__(self, state: tuple[object, ...]) -> None:
        order = state[1]
        if order not in ("<", ">", "="):
            raise pickle.UnpicklingError(f"byte order {shown(order)} is not one of < > =")
        self.order = str(order)


class _Array:
    """Stands for `numpy.ndarray` and for the function that makes an empty one."""

    __slots__ = ("value",)

    def __init__(self, *arguments: object) -> None:
        self.value: NDArray[np.floating] | None = None

    def __setstate__(self, state: tuple[object, ...]) -> None:
        _, shape, dtype, fortran, data = state
        if not isinstance(dtype, _DType) or not isinstance(data, bytes):
            raise pickle.UnpicklingError("an array's data is not plain numbers")
        if not isinstance(shape, tuple) or not all(_is_side(x) for x in shape[: MAX_RANK + 1]):
            raise pickle.UnpicklingError(f"shape {shown(shape)} is not of positive integers")
        if len(shape) > MAX_RANK:
            raise pickle.UnpicklingError(f"shape {shown(shape)} is of more than {MAX_RANK} axes")
        flat = np.frombuffer(data, np.dtype(dtype.order + dtype.code))
        if flat.size != math.prod(shape):
            raise pickle.UnpicklingError(f"{flat.size} values do not fill the shape {shape}")
        self.value = flat.reshape(shape, order="F" if fortran else "C")


_ADMITTED = {
    ("numpy", "dtype"): _DType,
    ("numpy", "ndarray"): _Array,
    # The module was renamed in NumPy 2; a pickle names the one it was written by.
    ("numpy.core.multiarray", "_reconstruct"): _Array,
    ("numpy._core.multiarray", "_reconstruct"): _Array,
}


def _is_side(value: object) -> bool:
    return isinstance(value, int) and 0 < value < MAX_SIDE


def _checking(step: bytes, keys: slice) -> Callable[[Any], None]:
    """An instruction of the unpickler that refuses tuples as keys of a dictionary.

    Python would hash one that holds the same tuple twice, and so on, in 2**depth steps.
    """
    original = pickle._Unpickler.dispatch[step[0]]

    def checked(unpickler: Any) -> None:
        for key in unpickler.stack[keys]:
            if isinstance(key, tuple):
                raise pickle.UnpicklingError(f"entry {shown(key)} is not a named list of arrays")
        original(unpickler)

    return checked


class _Unpickler(pickle._Unpickler):  # the one in Python, whose instructions can be replaced
    dispatch: ClassVar[dict[int, Callable[..., None]]] = {
        **pickle._Unpickler.dispatch,
        pickle.SETITEM[0]: _checking(pickle.SETITEM, slice(-2, -1)),
        pickle.SETITEMS[0]: _checking(pickle.SETITEMS, slice(0, None, 2)),
        pickle.DICT[0]: _checking(pickle.DICT, slice(0, None, 2)),
    }

    def find_class(self, module: str, name: str) -> type:
        try:
            return _ADMITTED[module, name]
        except KeyError:
            raise pickle.UnpicklingError(
                f"{module}.{name} is refused, only NumPy arrays are read"
            ) from None


def load_arrays(data: bytes, source: str) -> dict[str, list[NDArray[np.floating]]]:
    """Read a pickled dictionary that gives a list of float arrays for each name.

    Args:
        data: the pickle.
        source: what to call it in errors.

    Raises:
        FirebrickError: naming the source and what it holds that is not such a dictionary.
    """
    if len(data) > MAX_BYTES:
        raise FirebrickError(f"{source}: size={len(data)} exceeds {MAX_BYTES} bytes")
    try:
        _check_steps(data)
        content = _Unpickler(io.BytesIO(data)).load()
    # A corrupt pickle can raise nearly anything; whatever it is, the file is at fault.
    except Exception as error:
        raise FirebrickError(f"{source}: not a pickle of arrays: {error}") from None
    if not isinstance(content, dict):
        raise FirebrickError(f"{source}: content is {type(content).__name__}, not a dictionary")
    result = {}
    for name, arrays in content.items():
        if not isinstance(name, str) or not isinstance(arrays, list | tuple):
            raise FirebrickError(f"{source}: entry {shown(name)} is not a named list of arrays")
        values = [x.value for x in arrays if isinstance(x, _Array) and x.value is not None]
        if len(values) != len(arrays):
            raise FirebrickError(f"{source}: entry {shown(name)} holds something else than arrays")
        result[name] = values
    return result


def _check_steps(data: bytes) -> None:
    """Bound what the unpickler makes, by its instructions."""
    for count, (step, _, _) in enumerate(pickletools.genops(data)):
        if count >= MAX_STEPS:
            raise pickle.UnpicklingError(f"more than {MAX_STEPS} instructions")
        if step.name in _REFUSED:
            raise pickle.UnpicklingError(f"{step.name} is refused, only NumPy arrays are read")
