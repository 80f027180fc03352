# SPDX-License-Identifier: Apache-2.0
"""Steps that a page or a notebook shows, run as a reader would; what they print is held to it.

In a page, blocks of `python` and of `sh` are steps, run in order in one folder; the Python ones
share their names. A block of `text` right behind a step is what it prints. A step whose fence says
`needs=torch` is passed over where there is no such package or program; one that says `slow`, which
takes minutes, unless it is asked for. Blanks at the ends of lines, with which tables are filled up,
are no part of what is printed.
"""

import ast
import contextlib
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from typing import Any

FENCE = re.compile(r"^```(?P<info>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
LANGUAGES = ("python", "sh")


@dataclass
class Step:
    """One block.

    Attributes:
        language: `python` or `sh`.
        code: of it.
        needs: packages or programs without which it is passed over.
        shown: what the page says that it prints; None where it says nothing.
        slow: whether it takes minutes.
    """

    language: str
    code: str
    needs: tuple[str, ...] = ()
    shown: str | None = None
    slow: bool = False

    @property
    def missing(self) -> list[str]:
        return [x for x in self.needs if find_spec(x) is None and which(x) is None]


def steps_of_page(page: Path) -> list[Step]:
    """Steps of a Markdown page, in order."""
    steps: list[Step] = []
    text, end = page.read_text(encoding="utf-8"), -1
    for match in FENCE.finditer(text):
        language, *words = match["info"].split() or [""]
        if language in LANGUAGES:
            needs = tuple(x.removeprefix("needs=") for x in words if x.startswith("needs="))
            steps.append(Step(language, match["text"], needs, slow="slow" in words))
        elif language == "text" and steps and not text[end : match.start()].strip():
            steps[-1].shown = match["text"]
        end = match.end()
    return steps


def filled_page(text: str, printed: Sequence[str | None]) -> str:
    """A page whose blocks of `text` show what steps print; of those with None they stay."""
    steps, place, end = -1, 0, -1
    parts: list[str] = []
    for match in FENCE.finditer(text):
        language = match["info"].split(" ")[0]
        steps += language in LANGUAGES
        shown = printed[steps] if steps >= 0 else None
        if language == "text" and not text[end : match.start()].strip() and shown is not None:
            parts += [text[place : match.start("text")], shown]
            place = match.end("text")
        end = match.end()
    return "".join([*parts, text[place:]])


def filled_notebook(text: str, printed: Sequence[str]) -> str:
    """A notebook whose cells keep what they print."""
    document = json.loads(text)
    cells = (x for x in document["cells"] if x["cell_type"] == "code")
    for number, (cell, output) in enumerate(zip(cells, printed, strict=True), 1):
        stream = {"name": "stdout", "output_type": "stream", "text": output.splitlines(True)}
        cell |= {"execution_count": number, "outputs": [stream] if output else []}
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def steps_of_notebook(notebook: Path) -> list[Step]:
    """Cells of code, in order, with what the file keeps of their output."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return [
        Step(
            "python",
            "".join(x["source"]),
            shown="".join(y for o in x["outputs"] for y in o["text"]),
        )
        for x in cells
        if x["cell_type"] == "code"
    ]


def run(
    steps: Sequence[Step], folder: Path, *, slow: bool = False
) -> Iterator[tuple[Step, str | None]]:
    """Run steps in a folder, if asked for the slow ones too.

    Each is given with what it printed, or None if it was passed over.

    Raises:
        AssertionError: a command of a shell failed.
    """
    names: dict[str, Any] = {"__name__": "__main__"}
    for step in steps:
        runner = _run_python if step.language == "python" else _run_shell
        is_passed_over = step.missing or (step.slow and not slow)
        yield step, None if is_passed_over else runner(step.code, folder, names)


def _run_python(code: str, folder: Path, names: dict[str, Any]) -> str:
    """As a notebook does: the value of a last expression is printed."""
    *body, last = ast.parse(code).body
    if not isinstance(last, ast.Expr):
        body, value = [*body, last], None
    else:
        value = ast.Expression(last.value)
    printed = io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(printed):
        exec(compile(ast.Module(body, []), "<step>", "exec"), names)  # noqa: S102 our own page
        found = eval(compile(value, "<step>", "eval"), names) if value else None  # noqa: S307
        if found is not None:
            print(repr(found))
    return printed.getvalue()


def _run_shell(code: str, folder: Path, _names: dict[str, Any]) -> str:
    programs = Path(sys.executable).parent
    env = os.environ | {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "COLUMNS": "100"}
    done = subprocess.run(
        ["/bin/bash", "-euo", "pipefail", "-c", code],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{code}\n{done.stdout}\n{done.stderr}"
    return "".join(f"{x.rstrip()}\n" for x in done.stdout.splitlines())
