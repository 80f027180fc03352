# SPDX-License-Identifier: Apache-2.0
"""The page on operators names every ONNX operator that is read."""

from pathlib import Path

import pytest

from firebrick.frontend.onnx_reader.operators import HANDLERS

PAGE = Path(__file__).parents[2] / "docs" / "operators.md"


@pytest.mark.parametrize("op", HANDLERS)
def test_an_operator_that_is_read_is_documented(op: str) -> None:
    assert f"`{op}`" in PAGE.read_text().split("## What is read from ONNX")[1]
