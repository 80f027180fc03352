# SPDX-License-Identifier: Apache-2.0
"""Keys of what is kept: everything counts that a content follows from, and nothing else."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from firebrick.files import key
from firebrick.files.key import code_key, code_of, content_key, data_key, files_key, folder_key

TEXTS = {
    "__init__.py": "",
    "makes.py": "from firebrick.one import two\n",
    "one/__init__.py": "from firebrick import around\n",
    "one/two.py": "def late():\n    import firebrick.three as x, firebrick.four\n",
    "one/beside.py": "",
    "one/table.txt": "",
    "three.py": "if A:\n    from firebrick import (  # (x)\n        a,\n        five as b)\n",
    "four.py": "from firebrick.six \\\n    import seven\n",
    "five.py": "",
    "six/__init__.py": "",
    "six/seven.py": 'COMMAND = [sys.executable, "-m", "firebrick.worker"]\n',
    "six/eight.py": "",
    "around.py": "",
    "worker.py": "",
    "elsewhere.py": "import firebrick.makes\n",
    "elsewhere.txt": "",
    "makes_not.py": "",
}
APART = {"one/beside.py", "six/eight.py", "elsewhere.py", "makes_not.py"}
"""What `makes` does not follow from."""


@pytest.fixture(autouse=True)
def forgetful() -> Iterator[None]:
    """Keys are kept as long as a process lives, whose code does not change."""
    code_key.cache_clear()
    data_key.cache_clear()
    yield
    code_key.cache_clear()
    data_key.cache_clear()


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "firebrick"
    for name, text in TEXTS.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    monkeypatch.setattr(key, "PACKAGE", root)
    return root


@pytest.mark.parametrize("name", TEXTS)
def test_code_that_a_thing_follows_from_changes_its_key(package: Path, name: str) -> None:
    before = code_key("firebrick.makes")
    (package / name).write_text(f"{TEXTS[name]}# changed\n")
    code_key.cache_clear()
    assert (code_key("firebrick.makes") != before) == (name not in APART)


def test_a_new_or_renamed_file_changes_the_key(package: Path) -> None:
    before = code_key("firebrick.makes")
    (package / "one" / "table.txt").rename(package / "one" / "list.txt")
    code_key.cache_clear()
    renamed = code_key("firebrick.makes")
    (package / "one" / "three.py").touch()  # nobody imports it
    code_key.cache_clear()
    assert renamed != before
    assert code_key("firebrick.makes") == renamed


def test_several_modules_count(package: Path) -> None:
    assert package / "makes_not.py" in code_of("firebrick.makes", "firebrick.makes_not")
    assert code_key("firebrick.makes", "firebrick.makes_not") != code_key("firebrick.makes")


def test_a_module_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^firebrick\.serach: is no module of firebrick$"):
        code_key("firebrick.serach")


def test_plans_follow_from_the_area_model() -> None:
    names = {str(x.relative_to(key.PACKAGE)) for x in code_of("firebrick.search.planner")}
    assert {"area/coefficients.py", "ops/conv/engine.py", "plan/rows/play.py", "boards.py"} <= names
    assert not {x for x in names if x.startswith(("emit/", "synth/", "verify/", "cli/"))}


def test_counts_follow_from_the_worker_and_its_tables() -> None:
    names = {x.name for x in code_of("firebrick.synth.yosys.module")}
    assert {"worker.py", "netlist.py", "lut_rom.txt", "lut_rom_map.v"} <= names


def test_where_a_part_ends_counts() -> None:
    parts = [("ab", "c"), ("a", "bc"), ("abc",), ("abc", ""), ("", "abc"), ("a", "b", "c")]
    assert len({content_key(*x) for x in parts}) == len(parts)
    assert content_key("é") == content_key("é".encode())
    assert content_key("\udce9") != content_key("\udce8")  # of names that are no UTF-8
    assert files_key({"a": b"b"}) != files_key({"b": b"a"})


def test_a_folder_is_its_names_and_contents(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "a.h").write_text("1")
    (tmp_path / "b.json").write_text("1")
    found = [folder_key(tmp_path), folder_key(tmp_path, ["b.json"])]
    (tmp_path / "inner" / "__pycache__").mkdir()
    (tmp_path / "inner" / "__pycache__" / "a.pyc").touch()
    assert folder_key(tmp_path) == found[0]
    (tmp_path / "b.json").write_text("2")
    assert folder_key(tmp_path, ["b.json"]) == found[1]
    found.append(folder_key(tmp_path))
    (tmp_path / "inner" / "a.h").rename(tmp_path / "a.h")
    found.append(folder_key(tmp_path))
    assert len(set(found)) == 4


def test_data_folders_are_theirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("hw", "sim/lib", "sim/benches"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "a.h").write_text("1")
    monkeypatch.setattr(key, "data_folder", lambda x: tmp_path / x)
    before = data_key("hw", "sim/lib")
    (tmp_path / "sim" / "benches" / "a.h").write_text("2")
    data_key.cache_clear()
    assert data_key("hw", "sim/lib") == before
    (tmp_path / "sim" / "lib" / "a.h").write_text("2")
    data_key.cache_clear()
    assert data_key("hw", "sim/lib") != before
