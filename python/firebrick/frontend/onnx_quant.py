# SPDX-License-Identifier: Apache-2.0
"""`Quant` nodes, which Brevitas and others put into float ONNX files (QONNX).

`y = (clip(round(x / scale + zero), low, high) - zero) * scale`, with the range that its bit width,
sign and narrowness give.

Of a constant it is computed, so weights come in as the values that training settled on. Of an
activation it is left out: activations get their own integers when the network is quantized.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from firebrick.frontend.onnx_scope import Op
from firebrick.ir.graph import IdentityNode

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


def quant(op: Op) -> None:
    """Take a `Quant` node: input, scale, zero point, bit width."""
    width = np.asarray(op.floats(3), np.float64)
    if width.size != 1 or not 2 <= float(width.reshape(-1)[0]) <= MAX_WIDTH:
        raise op.fail("bitwidth", width.tolist(), f"is not one number in 2..{MAX_WIDTH}")
    if not op.is_constant(0):
        value = op.value(0)
        op.add(IdentityNode(op.name, (value.name,), "Identity"), value.axes)
        return
    mode = op.attribute_text("rounding_mode", "ROUND").upper()
    if mode not in ROUNDINGS:
        raise op.fail("rounding_mode", mode, f"is not one of {', '.join(ROUNDINGS)}")
    values, scale, zero = (np.asarray(op.floats(x), np.float64) for x in range(3))
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


def _range(op: Op, width: float) -> tuple[float, float]:
    """Smallest and largest integer."""
    narrow = op.attribute_int("narrow", 0)
    if op.attribute_int("signed", 1):
        half = 2.0 ** (width - 1)
        return narrow - half, half - 1
    return 0.0, 2.0**width - 1 - narrow
