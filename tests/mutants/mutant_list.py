# SPDX-License-Identifier: Apache-2.0
"""The planted bugs: small edits of our own sources, in the `.toml` files beside this one.

An edit is text that occurs exactly once in a file and what stands there instead, so it survives
whatever happens to the rest of the file; where it does not, `faults` says what to anchor anew.
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
BEGIN, END = "<!-- mutants -->", "<!-- end of mutants -->"
"""What the table stands between in `docs/testing.md`."""


@dataclass(frozen=True)
class Mutant:
    """One bug.

    Attributes:
        area: stem of the file that it is listed in.
        name: unique, for `--only`.
        file: path in the repository.
        old: text that occurs there exactly once.
        new: what takes its place.
        tests: fast tests that must see it: paths, or `path::function`.
        why: what goes wrong, in a line; empty where the name says it.
        equivalent: why no test can see it; empty for all others.
    """

    area: str
    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
    why: str = ""
    equivalent: str = ""

    def applied(self, root: Path) -> str:
        """Text of the file with the bug in it.

        Raises:
            ValueError: the edit does not apply.
        """
        path = root / self.file
        if not path.is_file():
            raise ValueError(f"{self.place}: {self.file} is missing: name the file it moved to")
        text = path.read_text()
        if (count := text.count(self.old)) != 1:
            raise ValueError(
                f"{self.place}: `old` occurs {count} times in {self.file}, not once: "
                f"anchor it anew: {self.old.strip().splitlines()[0]!r}"
            )
        return text.replace(self.old, self.new)

    @property
    def key(self) -> tuple[str, ...]:
        """What a result depends on, apart from the sources."""
        return self.file, self.old, self.new, *self.tests

    @property
    def place(self) -> str:
        """Where it is listed, for messages."""
        return f"{self.area}.toml: {self.name}"


KEYS = {x.name for x in fields(Mutant)} - {"area"}


def read(path: Path) -> list[Mutant]:
    """The mutants of one file.

    Raises:
        ValueError: naming file, mutant and field.
    """
    mutants = []
    for entry in tomllib.loads(path.read_text())["mutant"]:
        wrong = (KEYS - {"why", "equivalent"} - entry.keys()) | (entry.keys() - KEYS)
        if wrong:
            raise ValueError(f"{path.name}: {entry.get('name')}: missing or unknown: {wrong}")
        mutants.append(Mutant(path.stem, **entry | {"tests": tuple(entry["tests"])}))
    return mutants


def read_all(folder: Path = HERE) -> list[Mutant]:
    """Every mutant, by area, in the order of the files."""
    return [x for path in sorted(folder.glob("*.toml")) for x in read(path)]


def faults(mutant: Mutant, root: Path = ROOT) -> Iterator[str]:
    """What is wrong with an entry: an edit that does not apply, a test that is not there."""
    try:
        text = mutant.applied(root)
        if mutant.old == mutant.new:
            yield f"{mutant.place}: `new` is `old`"
        if mutant.file.endswith(".py"):
            ast.parse(text)
    except (ValueError, SyntaxError) as error:
        yield str(error) if isinstance(error, ValueError) else f"{mutant.place}: {error}"
    if not mutant.tests:
        yield f"{mutant.place}: names no test"
    for test in mutant.tests:
        path, _, function = test.partition("::")
        if function.partition("[")[0] not in functions(root / path):
            yield f"{mutant.place}: there is no test {test}"


@cache
def functions(path: Path) -> set[str]:
    """Names of the test functions of a file, and the empty one for all of them."""
    if not path.is_file():
        return set()
    nodes = list(ast.walk(ast.parse(path.read_text())))
    names = [x.name for x in nodes if isinstance(x, ast.FunctionDef)]
    names += [x.id for x in nodes if isinstance(x, ast.Name) and isinstance(x.ctx, ast.Store)]
    return {"", *(x for x in names if x.startswith("test_"))}


def table(mutants: list[Mutant]) -> str:
    """The table of `docs/testing.md`."""
    lines = ["| bug | in | what goes wrong | seen by |", "| --- | --- | --- | --- |"]
    for x in mutants:
        seen = ", ".join(dict.fromkeys(f"`{t.partition('::')[0]}`" for t in x.tests))
        seen = f"nothing: {x.equivalent}" if x.equivalent else seen
        why = x.why or x.name.replace("_", " ")
        lines.append(f"| {x.name} | `{x.file}` | {why} | {seen} |")
    return "\n".join(lines) + "\n"
