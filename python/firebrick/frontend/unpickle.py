# SPDX-License-Identifier: Apache-2.0
"""Arrays from a pickle, without trusting it.

No object of NumPy or of anything else is built while the pickle is read: its three NumPy names
stand for inert classes of this module, which collect and check the arrays' parts.
"""

from __future__ import annotations

import io
import math
import pickle

import numpy as np
from numpy.typing import NDArray

from firebrick.errors import FirebrickError

MAX_BYTES = 1 << 28
"""Largest pickle that is read."""

_ELEMENT_TYPES = ("f2", "f4", "f8")


class _DType:
    """Stands for `numpy.dtype`: a floating-point type and its byte order."""

    __slots__ = ("code", "order")

    def __init__(self, code: object, align: object = False, copy: object = True) -> None:
        if code not in _ELEMENT_TYPES:
            raise pickle.UnpicklingError(f"element type {code!r} is not one of {_ELEMENT_TYPES}")
        self.code = str(code)
        self.order = "<"

    def __setstate__(self, state: tuple[object, ...]) -> None:
        order = state[1]
        if order not in ("<", ">", "="):
            raise pickle.UnpicklingError(f"byte order {order!r} is not one of < > =")
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
        if not isinstance(shape, tuple) or not all(isinstance(x, int) and x > 0 for x in shape):
            raise pickle.UnpicklingError(f"shape {shape!r} is not of positive integers")
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


class _Unpickler(pickle.Unpickler):
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
        content = _Unpickler(io.BytesIO(data)).load()
    # A corrupt pickle can raise nearly anything; whatever it is, the file is at fault.
    except Exception as error:
        raise FirebrickError(f"{source}: not a pickle of arrays: {error}") from None
    if not isinstance(content, dict):
        raise FirebrickError(f"{source}: content is {type(content).__name__}, not a dictionary")
    result = {}
    for name, arrays in content.items():
        if not isinstance(name, str) or not isinstance(arrays, list | tuple):
            raise FirebrickError(f"{source}: entry {name!r} is not a named list of arrays")
        values = [x.value for x in arrays if isinstance(x, _Array) and x.value is not None]
        if len(values) != len(arrays):
            raise FirebrickError(f"{source}: entry {name!r} holds something else than arrays")
        result[name] = values
    return result
