# SPDX-License-Identifier: Apache-2.0
"""What the pages name exists: links lead somewhere, files and commands are there."""

import re
from fnmatch import fnmatch
from pathlib import Path

import pytest
import typer
from test_docs import EXAMPLE, FENCE, ROOT, example_files

from firebrick.cli import app

PAGES = [
    *(ROOT / x for x in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "examples").rglob("*.md")),
]
SPAN = re.compile(r"`([^`]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
SOURCES = (
    *("python", "hw", "sim", "tests", "docs", "hls", "formal", "models", "examples"),
    *(".ci", ".github"),
)
ENDINGS = (".py", ".sv", ".vlt", ".md", ".toml", ".yaml", ".lock", ".rules", ".cpp", ".hpp")
SHELL = re.compile(r"(sh|bash|console)\b")
MADE = ("build", "rtl", "digits")
"""Folders that commands make."""
THEIRS = (".github/firebrick/",)
"""Folders of a user's repository."""


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
        is_path = re.fullmatch(r"[\w.<>*-]+(/[\w.<>*-]+)*/?", span)
        if not is_path or not ("/" in span or span.endswith(ENDINGS)) or span.startswith(".."):
            continue
        if span.split("/")[0] in MADE or span in THEIRS:
            continue
        pattern = re.sub(r"<\w+>|\*", "*", span.rstrip("/"))
        if not any(fnmatch(path, f"*/{pattern}") for path in known):
            wrong.append(span)
    return wrong


def shell_lines(text: str) -> list[str]:
    """Lines of shell blocks without their comments, and spans in backticks."""
    blocks = [x["text"] for x in FENCE.finditer(text) if SHELL.match(x["info"])]
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


@pytest.mark.parametrize("page", PAGES, ids=lambda x: x.relative_to(ROOT).as_posix())
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
