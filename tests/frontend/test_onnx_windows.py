# SPDX-License-Identifier: Apache-2.0
"""Windows of unequal sides, padding or dilation are square ones with zeros."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from onnx_builders import CLASSES, Builder, same_function, save

from firebrick.errors import FirebrickError
from firebrick.frontend import load

IMAGE = ("N", 3, 15, 20)
WINDOWS: dict[str, tuple[tuple[int, int], dict[str, object]]] = {
    "a row": ((1, 3), {}),
    "a column": ((3, 1), {"pads": [1, 0, 1, 0]}),
    "MFCC's 10 x 4": ((10, 4), {"pads": [4, 1, 5, 1], "strides": [2, 2]}),
    "dilated": ((3, 3), {"dilations": [2, 2]}),
    "dilated and padded": ((3, 3), {"dilations": [3, 3], "pads": [3, 3, 3, 3]}),
    "dilated one way": ((3, 2), {"dilations": [1, 4], "strides": [2, 2]}),
    "padded above alone": ((3, 3), {"pads": [2, 0, 0, 0]}),
    "padded at the left alone": ((3, 3), {"pads": [0, 2, 0, 1]}),
    "SAME of even and odd sides": ((3, 3), {"auto_pad": "SAME_UPPER", "strides": [2, 2]}),
    "SAME, the other way": ((4, 4), {"auto_pad": "SAME_LOWER", "strides": [2, 2]}),
    "SAME of a row": ((1, 5), {"auto_pad": "SAME_UPPER"}),
    "depthwise, dilated": ((3, 3), {"dilations": [2, 2], "group": 3}),
}


@pytest.mark.parametrize("case", WINDOWS)
def test_function_survives(case: str, tmp_path: Path) -> None:
    sides, fields = WINDOWS[case]
    b = Builder()
    x = b("Conv", b.image, b.random(6, 3 // int(fields.get("group", 1)), *sides), **fields)
    x = b.conv(b("Relu", x), (CLASSES, 6, 1))
    graph = same_function(b.model(b("GlobalAveragePool", x), image=IMAGE), tmp_path)
    first = graph.nodes[0]
    assert first.weights.shape[2] == first.weights.shape[3]
    assert first.pads[0] == first.pads[1]


def test_zeros_are_bounded(tmp_path: Path) -> None:
    b = Builder()
    x = b("Conv", b.image, b.constant(np.ones((64, 3, 2, 2))), dilations=[400, 1])
    model = b.model(b("GlobalAveragePool", x), image=("N", 3, 500, 500))
    with pytest.raises(FirebrickError, match=re.escape("kernel=401x401 makes 30873792 weights")):
        load(str(save(model, tmp_path)))
