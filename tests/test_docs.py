# SPDX-License-Identifier: Apache-2.0
"""What the pages say is true: the worked example runs, links lead somewhere, commands exist."""

import importlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import typer

import firebrick.ops
import test_layout
import test_lint_hw
from firebrick.cli import app
from firebrick.errors import CheckFailed
from firebrick.verify.check import check_engine

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "docs" / "adding_an_operator.md"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"^```(?P<info>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")

# --- the worked example ---------------------------------------------------------------------------


def example_files() -> dict[str, str]:
    """Blocks that name a file, by that name."""
    blocks = (match.group("info", "text") for match in FENCE.finditer(EXAMPLE.read_text()))
    return {info.split(" file=")[1]: text for info, text in blocks if " file=" in info}


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the example's files; its Python can be imported as if it were in its place."""
    folder = tmp_path_factory.mktemp("example")
    for name, text in example_files().items():
        path = folder / (name if not text.startswith("---") else f"{name}.diff")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        operators = folder / "python" / "firebrick" / "ops"
        patch.setattr(firebrick.ops, "__path__", [*firebrick.ops.__path__, str(operators)])
        patch.syspath_prepend(folder / "tests" / "ops")
        patch.syspath_prepend(folder / "sim")  # the simulation is handed this path
        yield folder
    for name in ("firebrick.ops.scale", "test_scale"):
        sys.modules.pop(name, None)


def bench_of(text: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The example's test module, with `text` for its hardware."""
    module = importlib.import_module("test_scale")
    with_text = partial(check_engine, modules={"scale": text})
    monkeypatch.setattr(module, "check_engine", with_text)
    return module


def test_example_runs(
    example: Path, tmp_path: Path, build_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = bench_of((example / "hw/ops/scale.sv").read_text(), monkeypatch)
    for name in module.CASES:
        module.test_rtl(name, tmp_path / name, build_root)
    module.test_golden_rounds_halves_up_and_clamps()
    module.test_wrong_shift_names_the_field()


ALWAYS = "assign s_axis_tready = 1'b1;\n  "
INPUT = "    .s_axis_tvalid,\n    .s_axis_tready,\n"
WRONG = {
    "no rounding": ({"(scaled + HALF)": "scaled"}, "values differ"),
    "tlast never leaves": ({"({last, result})": "({1'b0, result})"}, "stuck after"),
    "count survives a reset": (
        {"if (!rst_n) beat_q <= '0;\n    else if (take)": "if (take)"},
        "tlast with beats",
    ),
    "beats are lost while stalled": (
        {
            INPUT: "    .s_axis_tvalid,\n    .s_axis_tready(),\n",
            "assign take": ALWAYS + "assign take",
        },
        "stuck after",
    ),
    "every second cycle is idle": (
        {
            INPUT: "    .s_axis_tvalid(take),\n    .s_axis_tready(ready),\n",
            "assign take": "logic ready;\n  assign s_axis_tready = ready && !m_axis_tvalid;\n"
            "  assign take",
        },
        r"a frame takes \d+ cycles",
    ),
}
"""Changes to the example's hardware, and what the bench must say."""


@pytest.mark.parametrize("name", WRONG)
def test_wrong_hardware_is_found(
    name: str, example: Path, tmp_path: Path, build_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (example / "hw/ops/scale.sv").read_text()
    changes, message = WRONG[name]
    for right, wrong in changes.items():
        assert text.count(right) == 1
        text = text.replace(right, wrong)
    module = bench_of(text, monkeypatch)
    with pytest.raises(CheckFailed, match=message):
        module.test_rtl("signed_padded", tmp_path, build_root)


def test_example_registers_its_engine(example: Path) -> None:
    name = "python/firebrick/ops/__init__.py"
    shutil.copyfile(ROOT / name, example / name)
    command = ["git", "apply", f"{name}.diff"]
    subprocess.run(command, cwd=example, env=os.environ | {"GIT_DIR": "none"}, check=True)
    scope: dict[str, Any] = {}
    exec(compile((example / name).read_text(), name, "exec"), scope)  # noqa: S102
    assert scope["ENGINES"]["scale"].__module__ == "firebrick.ops.scale"
    assert set(scope["ENGINES"]) == {"scale", *firebrick.ops.ENGINES}


def test_example_keeps_the_layout(example: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = importlib.import_module("firebrick.ops.scale").ScaleEngine
    monkeypatch.setattr(test_layout, "ROOT", example)
    monkeypatch.setattr(test_layout, "ENGINES", {"scale": engine})
    for place in ("python/firebrick/ops/{}.py", "hw/ops/{}.sv", "sim/tb_{}.py"):
        test_layout.test_operator_has_its_file("scale", place)
    test_layout.test_operator_has_its_file("scale", "tests/ops/test_{}.py")
    test_layout.test_parameters_have_one_name_in_both_languages("scale")
    test_layout.test_module_starts_with_licence_and_prose("scale")


def test_example_is_clean(example: Path) -> None:
    module = example / "hw/ops/scale.sv"
    test_lint_hw.test_verilator_has_no_warning(module)
    test_lint_hw.test_slang_has_no_error(module)
    test_lint_hw.test_verible_has_no_finding(module)
    test_lint_hw.test_file_is_short_and_holds_one_module_of_its_name(module)
    settings = ["--config", str(ROOT / "pyproject.toml")]
    settings += ["--config", "lint.isort.known-first-party = ['firebrick', 'stream_bench']"]
    ruff = Path(sys.executable).with_name("ruff")
    for arguments in (["check"], ["format", "--check"]):
        command = [str(ruff), *arguments, "--no-cache", *settings, "."]
        result = subprocess.run(command, cwd=example, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stdout


# --- links, paths, commands -----------------------------------------------------------------------

SOURCES = ("python", "hw", "sim", "tests", "docs", "hls")
ENDINGS = (".py", ".sv", ".vlt", ".md", ".toml", ".yaml", ".lock", ".rules", ".cpp", ".hpp")
MADE = ("build", "rtl")
"""Folders that commands make."""


def without_fences(text: str) -> str:
    return FENCE.sub("", text)


def repository() -> list[str]:
    """Files and folders of the sources, with a slash before each."""
    found = [x for folder in SOURCES for x in (ROOT / folder).rglob("*")]
    found += [x for x in ROOT.iterdir() if x.name not in MADE and x.name != ".git"]
    return [f"/{x.relative_to(ROOT).as_posix()}" for x in found if "__pycache__" not in x.parts]


def wrong_links(text: str, folder: Path) -> list[str]:
    """Relative links that lead nowhere."""
    targets = [x.split("#")[0] for x in LINK.findall(without_fences(text)) if "://" not in x]
    return [x for x in targets if x and not (folder / x).exists()]


def wrong_paths(text: str, known: list[str]) -> list[str]:
    """Paths in backticks that end no file or folder of the repository; `<name>` is any word."""
    wrong = []
    for span in SPAN.findall(without_fences(text)):
        is_path = (
            re.fullmatch(r"[\w.<>*-]+(/[\w.<>*-]+)*/?", span) and span.split("/")[0] not in MADE
        )
        if not is_path or not ("/" in span or span.endswith(ENDINGS)) or span.startswith(".."):
            continue
        pattern = re.sub(r"<\w+>|\*", "*", span.rstrip("/"))
        if not any(fnmatch(path, f"*/{pattern}") for path in known):
            wrong.append(span)
    return wrong


def shell_lines(text: str) -> list[str]:
    """Lines of shell blocks without their comments, and spans in backticks."""
    blocks = [x["text"] for x in FENCE.finditer(text) if x["info"] in ("sh", "bash", "console")]
    lines = [x for block in blocks for x in block.replace("\\\n", " ").splitlines()]
    spans = [" ".join(x.split()) for x in SPAN.findall(without_fences(text))]
    return [re.sub(r"\s#.*", "", x).strip() for x in lines + spans]


def wrong_commands(text: str) -> list[str]:
    """Commands, options, targets and variables that do not exist."""
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    variables = set(re.findall(r"^([A-Z_]+)\s*[?:]?=", makefile, re.MULTILINE))
    wrong = []
    for line in shell_lines(text):
        program, *words = line.split() or [""]
        if program.removeprefix(".venv/bin/") == "firebrick" and words and words[0][0] != "-":
            command = commands.get(words[0])
            options = [y for x in command.params for y in x.opts] if command else []
            given = [x.split("=")[0] for x in words[1:] if x.startswith("-")]
            good = command and not set(given) - {*options, "--help"}
        elif program == "make":
            names = {x.split("=")[0] for x in words if "=" in x}
            good = not {x for x in words if "=" not in x} - targets and not names - variables
        elif "=" in program and program.split("=")[0].isupper():
            good = program.split("=")[0] in variables
        else:
            continue
        wrong += [] if good else [line]
    return wrong


@pytest.mark.parametrize("page", PAGES, ids=lambda x: x.name)
def test_page_names_what_exists(page: Path) -> None:
    text = page.read_text()
    own = [f"/{name}" for name in example_files()] if page == EXAMPLE else []
    assert wrong_links(text, page.parent) == []
    assert wrong_paths(text, repository() + own) == []
    assert wrong_commands(text) == []


def test_what_does_not_exist_is_found() -> None:
    text = (
        "[a](none.md) [b](https://example.org) `hw/ops/none.sv` `hw/ops/<kind>.sv` `none.py`"
        " `a.png`"
        "\n```sh\nfirebrick infer q.onnx --fast\nfirebrick fly\nfirebrick plan q.onnx -o p  # --x\n"
        "make run NONE=1\nmake none\nmake test\n```\n`NONE=x`"
    )
    assert wrong_links(text, ROOT) == ["none.md"]
    assert wrong_paths(text, repository()) == ["hw/ops/none.sv", "none.py"]
    assert wrong_commands(text) == [
        *("firebrick infer q.onnx --fast", "firebrick fly"),
        *("make run NONE=1", "make none", "NONE=x"),
    ]
