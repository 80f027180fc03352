# SPDX-License-Identifier: Apache-2.0
"""Every planted bug applies and names tests that exist; what plants them tells seen from unseen."""

import subprocess
from collections import Counter
from dataclasses import replace
from pathlib import Path
from threading import Timer

import pytest
from mutant_copy import digest, make_copy
from mutant_list import BEGIN, END, ROOT, Mutant, faults, read, read_all, table
from mutant_runner import chosen, is_good, summary
from mutant_trial import (
    BROKEN,
    CAUGHT,
    INVALID,
    SURVIVED,
    Interrupted,
    Laboratory,
    Verdict,
    judge,
)

MUTANTS = read_all()
LEAST = 60
TOY = Mutant("toy", "sum", "python/toy.py", "a + b", "a - b", ("tests/test_toy.py",), "subtracts")


def test_every_bug_applies_and_its_tests_exist() -> None:
    assert [text for x in MUTANTS for text in faults(x)] == []


def test_there_are_enough_and_each_has_a_name() -> None:
    assert sum(not x.equivalent for x in MUTANTS) >= LEAST
    names = Counter(x.name for x in MUTANTS)
    assert [name for name, count in names.items() if count > 1] == []


def test_table_of_the_page_is_that_of_the_list() -> None:
    """`.venv/bin/python tests/mutants/mutant_runner.py --table` writes it."""
    page = (ROOT / "docs" / "testing.md").read_text()
    assert page.partition(BEGIN)[2].partition(END)[0].strip() == table(MUTANTS).strip()


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout of one function and its tests; pytest loads nothing else for it."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    files = {
        "python/toy.py": "def add(a, b):\n    return a + b\n\ndef idle():\n    while False: pass\n",
        "python/firebrick/__init__.py": "def main():\n    print(__file__)\n",
        "python/firebrick/cli.py": "from firebrick import main\n",
        "tests/test_toy.py": "import toy\n\ndef test_add():\n    toy.idle()\n"
        "    assert toy.add(2, 1) == 3\n",
        "tests/test_wrong.py": "def test_wrong():\n    assert False\n",
    }
    for name, text in files.items():
        path = tmp_path / "sources" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "sources"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"old": "a * b"}, "toy.toml: sum: `old` occurs 0 times in python/toy.py, not once"),
        ({"old": "a"}, "`old` occurs"),
        ({"file": "python/gone.py"}, "python/gone.py is missing: name the file it moved to"),
        ({"new": "a + b"}, "`new` is `old`"),
        ({"new": "a +"}, "invalid syntax"),
        ({"tests": ()}, "names no test"),
        ({"tests": ("tests/test_gone.py",)}, "there is no test tests/test_gone.py"),
        ({"tests": ("tests/test_toy.py::test_sub",)}, "there is no test"),
    ],
)
def test_what_is_wrong_with_an_entry_is_said(
    change: dict[str, object], message: str, sources: Path
) -> None:
    assert list(faults(replace(TOY, tests=("tests/test_toy.py::test_add",)), sources)) == []
    (found,) = faults(replace(TOY, **change), sources)  # type: ignore[arg-type]
    assert message in found


def test_an_entry_has_all_fields_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "toy.toml"
    path.write_text('[[mutant]]\nname = "x"\nfile = "y"\ncause = "z"\n')
    with pytest.raises(ValueError, match=r"toy\.toml: x: missing or unknown: .*'cause'"):
        read(path)


def test_copy_finds_itself_whatever_the_environment(sources: Path, tmp_path: Path) -> None:
    python = make_copy(sources, tmp_path / "copy", None)
    expected = str(tmp_path / "copy" / "python" / "firebrick" / "__init__.py")
    for command in (["python", "-I", "-c", "import firebrick; firebrick.main()"], ["firebrick"]):
        program = python.with_name(command[0])
        done = subprocess.run(
            [program, *command[1:]], env={}, capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == expected


def test_bugs_are_seen_or_not_and_kept(sources: Path, tmp_path: Path) -> None:
    laboratory = Laboratory(sources, tmp_path / "build")
    mutants = {
        CAUGHT: TOY,
        SURVIVED: replace(TOY, new="b + a"),
        INVALID: replace(TOY, new="a + c"),
        BROKEN: replace(TOY, tests=("tests/test_wrong.py",)),
    }
    laboratory.prepare(list(mutants.values()))
    found = {name: laboratory.trial(x) for name, x in mutants.items()}
    assert {name: x.outcome for name, x in found.items()} == {x: x for x in mutants}
    assert "tests/test_toy.py::test_add" in found[CAUGHT].says
    assert "Undefined name `c`" in found[INVALID].says
    assert found[BROKEN].says == "without the bug: tests/test_wrong.py fails"
    assert laboratory.kept(*TOY.key) == found[CAUGHT]
    before = laboratory.tree
    (sources / "python" / "toy.py").touch()
    assert digest(sources) == before
    (sources / "python" / "toy.py").write_text("def add(a, b):\n    return b + a\n")
    assert digest(sources) != before


def test_a_bug_that_hangs_is_seen_and_a_trial_can_be_stopped(
    sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hanging = replace(TOY, old="while False", new="while True")
    laboratory = Laboratory(sources, tmp_path / "build")
    laboratory._keep(Verdict(SURVIVED, 0.0, ""), "tests/test_toy.py")
    Timer(0.3, laboratory.stop.set).start()
    with pytest.raises(Interrupted):
        laboratory.trial(hanging)
    assert laboratory.kept(*hanging.key) is None
    laboratory.stop.clear()
    monkeypatch.setattr("mutant_trial.GRACE", 1.0)
    assert laboratory.trial(hanging).says == "does not end"


@pytest.mark.parametrize(
    ("status", "log", "file", "outcome"),
    [
        (0, "", "x.py", SURVIVED),
        (1, "FAILED tests/a.py::test_b - AssertionError", "x.py", CAUGHT),
        (None, "", "x.py", CAUGHT),
        (2, "ERROR tests/a.py - ImportError", "x.py", INVALID),
        (4, "no such file", "x.py", INVALID),
        (5, "no tests ran", "x.py", INVALID),
        (1, "FAILED a - fifo: 'level' is there 0 times, not once", "x.sv", INVALID),
        (1, "FAILED a - FirebrickError: make failed:", "x.py", CAUGHT),
        (1, "FAILED a - FirebrickError: make failed:", "x.sv", INVALID),
        (1, "FirebrickError: verilator failed: %Error-USERFATAL: conv: DRAIN", "x.sv", CAUGHT),
        (1, "FirebrickError: /usr/bin/g++ failed: static assertion failed", "x.hpp", CAUGHT),
    ],
)
def test_only_a_test_that_ran_has_seen_a_bug(
    status: int | None, log: str, file: str, outcome: str
) -> None:
    assert judge(status, log, 1.0, replace(TOY, file=file)).outcome == outcome


def test_parts_are_all_of_the_list() -> None:
    mutants = [replace(TOY, name=str(n)) for n in range(7)]
    parts = [chosen(mutants, "", f"{n}/3") for n in (1, 2, 3)]
    assert sorted((x for part in parts for x in part), key=lambda x: x.name) == mutants
    assert chosen(mutants, "toy/[35]", "1/1") == [mutants[3], mutants[5]]
    with pytest.raises(ValueError, match="--part: 4/3"):
        chosen(mutants, "", "4/3")


def test_a_bug_counts_by_what_is_declared() -> None:
    equal = replace(TOY, name="equal", equivalent="a sum is a sum")
    seen, unseen = Verdict(CAUGHT, 1.0, "test"), Verdict(SURVIVED, 1.0, "")
    assert is_good(TOY, seen)
    assert not is_good(TOY, unseen)
    assert is_good(equal, unseen)
    assert not is_good(equal, seen)
    text = summary([TOY, equal], {"sum": unseen, "equal": unseen})
    assert "toy/sum: survived" in text
    assert "'a + b' -> 'a - b'" in text
    assert text.endswith("1 bugs: 1 survived, 0% caught; 1 equivalent ones")
