# SPDX-License-Identifier: Apache-2.0
"""`examples/digits/`: its images, and its exports, which stand in for what needs other packages.

The steps of `docs/your_model.md` use them: `tests/test_page_steps.py`.
"""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

import firebrick as fb
from firebrick.images import list_tree, load_photograph

EXAMPLE = Path(__file__).parents[2] / "examples" / "digits"
HELD_OUT = 360


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All images, as the script writes them."""
    path = tmp_path_factory.mktemp("digits")
    subprocess.run([sys.executable, EXAMPLE / "folders.py", path], check=True, capture_output=True)
    return path


def test_every_image_is_in_one_part_below_its_class(folder: Path) -> None:
    digits = load_digits()
    parts = {x: sorted((folder / x).glob("*/*.png")) for x in ("train", "test")}
    numbers = {name: sorted(int(x.stem) for x in paths) for name, paths in parts.items()}
    first = len(digits.target) - HELD_OUT
    assert numbers["train"] == list(range(first))
    assert numbers["test"] == list(range(first, len(digits.target)))
    for path in (x for paths in parts.values() for x in paths):
        assert int(path.parent.name) == digits.target[int(path.stem)]


def test_pixels_run_from_black_to_white(folder: Path) -> None:
    """As in the data set, where white is 16."""
    images, paths = load_digits().images, list_tree(folder, HELD_OUT * 5)[:: HELD_OUT // 4]
    for path in paths:
        ours = load_photograph(path).astype(float)
        assert np.array_equal(np.rint(ours[0] / 255 * 16), images[int(path.stem)])
    assert max(load_photograph(x).max() for x in paths) == 255


def test_both_exporters_of_pytorch_give_one_network() -> None:
    """The same layers; folding batch normalization may round the last bit of a weight."""
    ours, theirs = (
        fb.import_model(str(EXAMPLE / f"{name}.onnx")).graph
        for name in ("digits", "digits_torchscript")
    )
    assert [type(x) for x in ours.nodes] == [type(x) for x in theirs.nodes]
    assert (ours.input, ours.preprocessing) == (theirs.input, theirs.preprocessing)
