# SPDX-License-Identifier: Apache-2.0
"""`Quant` nodes, which Brevitas and others put into float ONNX files (QONNX).

`y = (clip(round(x / scale + zero), low, high) - zero) * scale`, with the range that its bit width,
sign and narrowness give.

Of a constant it is computed, so weights come in as the values that training settled on. Of an
activation it becomes a layer, which passes make part of the one before it; what integers of the
hardware cannot do is refused here, by the names that the file has for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from firebrick.frontend.onnx_reader.scope import Op
from firebrick.ir.graph import QuantNode
from firebrick.ir.grid import Grid

DOMAINS = ("qonnx.custom_op.general", "finn.custom_op.general", "onnx.brevitas")
"""Where exporters put the operator."""
MAX_WIDTH = 32

_Reals = NDArray[np.float64]

ROUNDINGS: Mapping[str, Callable[[_Reals], _Reals]] = {
    "ROUND": np.rint,
    "HALF_EVEN": np.rint,
    "FLOOR": np.floor,
    "CEIL": np.ceil,
    "ROUND_TO_ZERO": np.trunc,
    "DOWN": np.trunc,
    "HALF_UP": lambda x: np.copysign(np.floor(np.abs(x) + 0.5), x),
    "HALF_DOWN": lambda x: np.copysign(np.ceil(np.abs(x) - 0.5), x),
}
"""By their names in QONNX."""
TO_NEAREST = ("ROUND", "HALF_EVEN", "HALF_UP", "HALF_DOWN")
"""Those that differ in nothing but ties."""


def quant(op: Op) -> None:
    """Take a `Quant` node: input, scale, zero point, bit width.

    Raises:
        FirebrickError: naming node, field, value, rule and what to do.
    """
    width = np.asarray(op.floats(3), np.float64)
    if width.size != 1 or not 2 <= float(width.reshape(-1)[0]) <= MAX_WIDTH:
        raise op.fail("bitwidth", width.tolist(), f"is not one number in 2..{MAX_WIDTH}")
    mode = op.attribute_text("rounding_mode", "ROUND").upper()
    if mode not in ROUNDINGS:
        raise op.fail("rounding_mode", f"{mode:.40}", f"is not one of {', '.join(ROUNDINGS)}")
    if not op.is_constant(0):
        _activation(op, float(width.reshape(-1)[0]), mode)
        return
    values, scale, zero = (np.asarray(op.floats(x), np.float64) for x in range(3))
    if not np.isfinite(scale).all():
        raise op.fail("scale", float(scale.max()), "is not finite")
    if not (scale > 0).all():
        raise op.fail("scale", float(scale.min(initial=0)), "is not positive")
    try:
        shape = np.broadcast_shapes(values.shape, scale.shape, zero.shape)
    except ValueError:
        shape = ()
    if shape != values.shape:
        raise op.fail("scale", scale.shape, f"does not fit values of shape {values.shape}")
    low, high = _range(op, float(width.reshape(-1)[0]))
    values /= scale
    values += zero
    steps = ROUNDINGS[mode](values)
    np.clip(steps, low, high, out=steps)
    steps -= zero
    steps *= scale
    op.compute(steps.astype(np.float32))


def _activation(op: Op, width: float, mode: str) -> None:
    """A tensor that is computed from the image.

    Raises:
        FirebrickError: hardware cannot do that.
    """
    value = op.value(0)
    if mode not in TO_NEAREST:
        rule = f"of an activation is not one of {', '.join(TO_NEAREST)}: train it with ROUND"
        raise op.fail("rounding_mode", mode, rule)
    if width != int(width):
        raise op.fail("bitwidth", width, "of an activation is not a whole number")
    rule = "of an activation is not one number: train it with one scale for all channels"
    scale = _one_number(op, "scale", 1, rule)
    if not 0 < scale < float("inf"):
        raise op.fail("scale", scale, "is not positive and finite")
    zero = _one_number(op, "zero_point", 2, "of an activation is not 0: train it symmetric")
    if zero != 0:
        rule = "of an activation is not 0: train it symmetric, or unsigned behind a ReLU"
        raise op.fail("zero_point", zero, rule)
    signed, narrow = _signs(op)
    op.add(QuantNode(op.name, (value.name,), Grid(scale, int(width), signed, narrow)), value.axes)


def _one_number(op: Op, field: str, index: int, rule: str) -> float:
    values = np.unique(op.floats(index))
    if values.size != 1:
        raise op.fail(field, [float(x) for x in values[:3]], rule)
    return float(values[0])


def _signs(op: Op) -> tuple[bool, bool]:
    """Whether it is signed, and narrow."""
    return op.attribute_bool("signed", default=True), op.attribute_bool("narrow", default=False)


def _range(op: Op, width: float) -> tuple[float, float]:
    """Smallest and largest integer."""
    signed, narrow = _signs(op)
    if signed:
        half = 2.0 ** (width - 1)
        return narrow - half, half - 1
    return 0.0, 2.0**width - 1 - narrow
