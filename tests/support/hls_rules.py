# SPDX-License-Identifier: Apache-2.0
"""Reads the text of functions: loops, pragmas, calls. It relies on clang-format's layout."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

DYNAMIC = (
    *("new", "delete", "malloc", "calloc", "realloc", "free", "alloca", "virtual", "throw", "goto"),
    *("vector", "deque", "list", "map", "set", "string", "function", "shared_ptr", "unique_ptr"),
    *("float", "double", "printf", "cout", "cerr", "thread", "mutex"),
)
"""Words that have no place in hardware, or none in this design."""


@dataclass(frozen=True)
class Pragma:
    """One line `#pragma HLS KIND option=value flag ...`; a flag has an empty value."""

    line: int
    kind: str
    options: Mapping[str, str]


@dataclass(frozen=True)
class Loop:
    """A loop that stays in hardware; `depth` is 1 where no other is around it in its function."""

    line: int
    start: int
    keyword: str
    label: str
    depth: int
    pragmas: list[Pragma]


def code_of(text: str) -> str:
    """The text without comments, literals and preprocessor lines; lines keep their numbers."""
    text = re.sub(r"//[^\n]*", "", text)
    text = re.sub(r'"(?:\\.|[^"\\\n])*"', '""', text)
    return re.sub(r"^ *#[^\n]*", "", text, flags=re.MULTILINE)


def pragmas(text: str) -> list[Pragma]:
    """All pragmas of Vitis HLS."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        match = re.match(r" *#pragma HLS +(\w+)(.*)", line)
        if match:
            words = re.findall(r"(\w+)(?: *= *([^ ]+))?", match[2])
            found.append(Pragma(number, match[1], dict(words)))
    return found


def compile_time_lines(text: str) -> set[int]:
    """Lines of constexpr functions, which leave nothing in hardware."""
    found: set[int] = set()
    lines = code_of(text).splitlines()
    for number, line in enumerate(lines, 1):
        match = re.match(r"( *)(?:static )?constexpr [\w:<> ]+\(.*\{$", line)
        if match:
            end = next(
                n for n, x in enumerate(lines[number:], number + 1) if x.startswith(f"{match[1]}}}")
            )
            found |= set(range(number, end + 1))
    return found


def loops(text: str) -> list[Loop]:
    """All loops outside of constexpr functions."""
    found: list[Loop] = []
    lines = text.splitlines()
    code = code_of(text).splitlines()
    skipped = compile_time_lines(text)
    every = pragmas(text)
    for number, line in enumerate(code, 1):
        match = re.match(r"( *)(for|while|do)\b", line)
        if not match or number in skipped:
            continue
        before = code[number - 2].strip() if number > 1 else ""
        body = number
        while not code[body - 1].rstrip().endswith("{") and body < len(code):
            body += 1
        mine = []
        while body < len(lines) and lines[body].lstrip().startswith("#pragma HLS"):
            body += 1
            mine += [pragma for pragma in every if pragma.line == body]
        around = [
            loop
            for loop in found
            if not any(
                re.match(rf" {{0,{_indent(lines[loop.line - 1])}}}\}}", x)
                for x in code[loop.line : number - 1]
            )
        ]
        found.append(
            Loop(
                line=number,
                start=sum(len(x) + 1 for x in lines[: number - 1]),
                keyword=match[2],
                label=before[:-1] if re.fullmatch(r"\w+:", before) else "",
                depth=1 + len(around),
                pragmas=mine,
            )
        )
    return found


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def functions(text: str) -> list[str]:
    """Function templates that take streams of a `Cfg` or of the border."""
    pattern = r"template <class Cfg[^>]*>\nvoid (\w+)\(([^{]*)\{"
    found = re.findall(pattern, code_of(text))
    return [name for name, arguments in found if "hls::stream<" in arguments]


def dynamic_names(text: str) -> list[str]:
    """Words of `DYNAMIC` in the code, `= delete` aside."""
    code = re.sub(r"= delete;", ";", code_of(text))
    return [word for word in re.findall(r"\w+", code) if word in DYNAMIC]


def calls(text: str) -> dict[str, set[str]]:
    """For each name of a function, the names that are called where it is defined."""
    lines = code_of(text).splitlines()
    known: dict[str, set[str]] = {}
    start = r"( *)(?!return|else|if|for|while|switch)(?:\w[\w:<>,&*]* )+&?(\w+)\("
    for number, line in enumerate(lines):
        match = re.match(start, line)
        if not match:
            continue
        body = end = number
        while not re.search(r"[{};]$", lines[body].rstrip()):
            body += 1
        if lines[body].rstrip().endswith(";"):
            continue
        while not lines[body].rstrip().endswith("}") and not lines[end].startswith(f"{match[1]}}}"):
            end += 1
        inside = "\n".join([line[match.end() :], *lines[number + 1 : end]])
        names = set(re.findall(r"(\w+)(?:<[\w:, ]*>)?\(", inside))
        known.setdefault(match[2], set()).update(names)
    return known


def recursive(graph: Mapping[str, set[str]]) -> list[str]:
    """Functions that reach themselves."""

    def reach(name: str) -> set[str]:
        seen: set[str] = set()
        left = list(graph[name])
        while left:
            one = left.pop()
            if one in graph and one not in seen:
                seen.add(one)
                left += graph[one]
        return seen

    return sorted(name for name in graph if name in reach(name))
