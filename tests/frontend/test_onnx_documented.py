# SPDX-License-Identifier: Apache-2.0
"""The pages on operators and on users' models name every ONNX operator that is read, and no other.

`python tests/frontend/test_onnx_documented.py` writes the list into the latter.
"""

import re
import textwrap
from pathlib import Path

import pytest

from firebrick.frontend.onnx_reader.operators import HANDLERS

DOCS = Path(__file__).parents[2] / "docs"
PAGE, LISTED = DOCS / "operators.md", DOCS / "your_model.md"
BEGIN, END = "<!-- read -->", "<!-- end of read -->"
ASIDE = ("Gather", "Quant", "Slice")
"""Read without a handler: of another domain, or where they turn an image's channels around."""


def written() -> str:
    """The page on users' models with the list that is right."""
    names = ", ".join(f"`{x}`" for x in sorted([*HANDLERS, *ASIDE]))
    before, rest = LISTED.read_text().split(BEGIN)
    _, after = rest.split(END)
    return "\n".join([before + BEGIN, textwrap.fill(names, 100), END + after])


def rows() -> list[str]:
    """First cells of the table, without that on constants, of which any operator is computed."""
    table = PAGE.read_text().split("## What is read from ONNX")[1].split("\n## ")[0]
    cells = re.findall(r"^\| (.+?) \|", table, re.MULTILINE)[2:]
    return [x for x in cells if not x.startswith("anything of constants")]


@pytest.mark.parametrize("op", HANDLERS)
def test_an_operator_that_is_read_is_documented(op: str) -> None:
    assert any(f"`{op}`" in x for x in rows())


def test_no_other_operator_is_documented() -> None:
    names = {x for cell in rows() for x in re.findall(r"`([A-Z]\w+)`", cell)}
    assert names == {*HANDLERS, *ASIDE}


def test_the_list_is_that_of_the_reader() -> None:
    assert LISTED.read_text() == written()


if __name__ == "__main__":
    LISTED.write_text(written())
