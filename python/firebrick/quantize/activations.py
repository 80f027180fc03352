# SPDX-License-Identifier: Apache-2.0
"""Type and scale of what a convolution or an addition gives: its grid's, or calibrated ones."""

from __future__ import annotations

from firebrick.hardware.tensor import IntArray, TensorType
from firebrick.ir.graph import ActivatedNode, FloatArray, Shape
from firebrick.quantize.scales import LARGEST_MULTIPLIER, ScaleChoice, Vector, multipliers


def output_kind(node: ActivatedNode, shape: Shape, bits: int) -> TensorType:
    """Type of what a layer gives.

    Args:
        node: the layer.
        shape: of its output.
        bits: of its integers, unless a grid says otherwise.
    """
    size = shape.channels, shape.height, shape.width
    if node.grid is not None:
        return node.grid.kind(*size)
    return TensorType(*size, bits, not node.relu)


def output_scale(
    node: ActivatedNode, kind: TensorType, values: FloatArray, floor: float, choose: ScaleChoice
) -> float:
    """Real value of an integer step of what a layer gives.

    Under a ceiling the largest integer is at most that, so that clamping integers is enough.

    Args:
        node: the layer.
        kind: from `output_kind`.
        values: sample of its sums, any shape.
        floor: smallest scale worth having, unless a grid or a ceiling says otherwise.
        choose: from such values, where no grid says it.
    """
    if node.grid is not None:
        return node.grid.scale
    if node.ceiling is None:
        return choose(values, kind.lo, kind.hi, floor)
    largest = node.ceiling / kind.hi
    return min(largest, choose(values.clip(max=node.ceiling), kind.lo, kind.hi, floor))


def output_multipliers(node: ActivatedNode, ratios: Vector) -> tuple[IntArray, int]:
    """Integers and shift of what makes a layer's sums its output.

    Args:
        node: the layer.
        ratios: scales of what is summed over that of the output.

    Raises:
        FirebrickError: a grid or a ceiling asks for a scale far below that of the sums.
    """
    largest = float(ratios.max())
    rule = (
        f"leaves {largest:.3g} steps of the output in one of its sums, over {LARGEST_MULTIPLIER}: "
        "train it with a larger one"
    )
    field = "ceiling" if node.grid is None else "grid"
    node.require(largest <= LARGEST_MULTIPLIER, field, getattr(node, field), rule)
    return multipliers(ratios)
