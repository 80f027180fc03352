# SPDX-License-Identifier: Apache-2.0
"""Reports read back from their JSON; the page in docs/ is what its JSON gives."""

import json
from pathlib import Path

import pytest
from report_rows import BOARD, LARGE, REFUSED, TARGET

from command_line import firebrick
from firebrick.errors import FirebrickError
from firebrick.report.read import read_rows
from firebrick.report.write import Report

DOCS = Path(__file__).parents[2] / "docs"
MODELS: list[dict[str, str | int]] = [
    {"model": "squeezenet1.1", "weights": 9, "nonzero": 8, "sqnr_db": "34.5"}
]
MADE = Report(MODELS, [TARGET], [BOARD, REFUSED, LARGE])


def test_the_page_is_that_of_its_measurements(tmp_path: Path) -> None:
    source = DOCS / "results.json"
    result = firebrick(tmp_path, "report", "--from", str(source), "-o", "page.md")
    assert result.returncode == 0
    assert (tmp_path / "page.md").read_text() == (DOCS / "results.md").read_text()
    assert not (tmp_path / "page.json").exists()


def test_what_was_written_is_read_back_whole(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_text(json.dumps(MADE.fields()))
    assert Report(*read_rows(path)).fields() == json.loads(json.dumps(MADE.fields()))
    assert Report(*read_rows(path)).text() == MADE.text()


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        (("boards", 0, "predicted", "multipliers"), -1, "'kv260': predicted: multipliers=-1"),
        (("boards", 0, "predicted", "multipliers"), "7", "multipliers='7' is not an integer"),
        (("boards", 0, "binds", "resource"), "ff\n", "binds: resource"),
        (("boards", 1, "board"), "a\nb", "board="),
        (("targets", 0, "more"), 1, "more=1 is not a known field"),
        (("targets", 0, "simulated", "seconds"), None, "seconds=None is not a number"),
        (("photographs",), ["chelsea"], "photographs="),
        (("models",), {}, "models={} is not a list"),
    ],
)
def test_what_nobody_wrote_is_named(
    tmp_path: Path, place: tuple[str | int, ...], value: object, words: str
) -> None:
    data = json.loads(json.dumps(MADE.fields()))
    inner = data
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    path = tmp_path / "r.json"
    path.write_text(json.dumps(data))
    with pytest.raises(FirebrickError, match=r"r\.json: ") as caught:
        read_rows(path)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("-o", "p.md"), "give models to measure, or --from"),
        (("q.onnx", "--from", "r.json", "-o", "p.md"), "give models to measure, or --from"),
        (("--from", "r.json", "-o", "r.json"), "is the JSON file"),
        (("--from", "none.json", "-o", "p.md"), "none.json: cannot be read"),
        (("--from", "p.txt", "-o", "p.md"), "p.txt: "),
    ],
)
def test_slips_are_one_line(tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    (tmp_path / "r.json").write_text(json.dumps(MADE.fields()))
    (tmp_path / "p.txt").write_text("# Results\n")
    result = firebrick(tmp_path, "report", *arguments)
    assert result.returncode == 2
    (line,) = result.stderr.splitlines()
    assert words in line
    assert not (tmp_path / "p.md").exists()
