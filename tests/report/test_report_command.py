# SPDX-License-Identifier: Apache-2.0
"""`firebrick report`: options, exit status, outputs."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from report_rows import SIMULATION, TARGET

from command_line import fill, firebrick
from firebrick.report.options import SIMULATED, Options
from firebrick.report.write import Report
from networks import small_network


def options_of(monkeypatch: pytest.MonkeyPatch, folder: Path, *arguments: str) -> Options:
    """What `report` is asked for by a command line."""
    seen: list[Options] = []

    def report(_paths: object, _output: object, _progress: object, options: Options) -> Report:
        seen.append(options)
        return Report([], [TARGET])

    monkeypatch.setattr("firebrick.report.write.report", report)
    result = firebrick(folder, "report", "q.onnx", "-o", "p.md", "--json", *arguments)
    assert result.returncode == 0
    assert json.loads(result.stdout)["targets"][0]["met"] is True
    return seen[0]


def test_options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert options_of(monkeypatch, tmp_path) == Options(None, None, None, SIMULATED)
    given = ("--targets", "9,8", "--boards", "kv260, zcu104", "--synth", "", "--simulate", "0")
    expected = Options((9, 8), ("kv260", "zcu104"), (), 0)
    assert options_of(monkeypatch, tmp_path, *given) == expected


def test_a_wrong_value_is_exit_status_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = replace(TARGET, simulation=replace(SIMULATION, differing=1))
    monkeypatch.setattr("firebrick.report.write.report", lambda *_: Report([], [TARGET, wrong]))
    result = firebrick(tmp_path, "report", "q.onnx", "-o", "page.md")
    assert result.returncode == 1
    assert "page.md: 1 measurements failed" in result.stderr


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--targets", "many", ["targets", "'many'"]),
        ("--targets", "0", ["targets", "'0'"]),
        ("--boards", "zcu1", ["'zcu1'", "zcu104"]),
        ("--synth", "zcu1", ["synth", "'zcu1'", "zcu104"]),
    ],
)
def test_bad_options_are_one_line(
    tmp_path: Path, option: str, value: str, words: list[str]
) -> None:
    folder = fill(tmp_path, small_network(bypass=False))
    result = firebrick(folder, "report", "q.onnx", "-o", "page.md", option, value)
    assert result.returncode == 2
    (line,) = (x for x in result.stderr.splitlines() if x.startswith("firebrick: "))
    assert all(word in line for word in words)
    assert not (folder / "page.md").exists()
