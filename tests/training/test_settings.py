# SPDX-License-Identifier: Apache-2.0
"""What training takes and refuses, where there is no PyTorch."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from command_line import firebrick
from firebrick.errors import FirebrickError
from firebrick.training.settings import Settings


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("epochs", -1), ("prune_epochs", 0), ("batch", 0), ("shift", -1), ("seed", -1)),
        *(("keep", 0.0), ("keep", 1.5), ("rate", float("nan")), ("rate", 0.0)),
        *(("held_out", 0.0), ("held_out", 1.0), ("decay", -1.0), ("patience", -1)),
    ],
)
def test_settings_out_of_range_are_named(field: str, value: float) -> None:
    with pytest.raises(FirebrickError, match=f"train: {field}={value}"):
        Settings(**{field: value})


@pytest.mark.skipif(find_spec("torch") is not None, reason="PyTorch is installed")
def test_without_pytorch_a_line_says_how_to_get_it(tmp_path: Path) -> None:
    result = firebrick(tmp_path, "train", "m.onnx", "data", "-o", "run")
    assert result.returncode == 2
    assert "needs torch" in result.stderr
    assert "pip install 'firebrick[train]'" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_bits_that_cannot_be_quantized_are_named_before_training() -> None:
    with pytest.raises(FirebrickError, match=r"weight_bits=9 is not in 2\.\.8"):
        Settings(weight_bits=9)
