# SPDX-License-Identifier: Apache-2.0
"""Documents that nobody vouches for: bounded, and every field checked."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from firebrick.checked.documents import LARGEST_JSON, parse_json, read_json, read_text, read_toml
from firebrick.checked.fields import Fields
from firebrick.errors import FirebrickError

DIGITS = re.compile(r"\d+")


def refusal(call: Callable[[], object]) -> str:
    """The one line with which something is refused."""
    with pytest.raises(FirebrickError) as caught:
        call()
    message = str(caught.value)
    assert message.isprintable()
    assert caught.value.exit_status == 2
    return message


# --- documents ------------------------------------------------------------------------------------


def test_text_is_bounded_to_the_byte(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("é\n".encode())
    assert read_text(path, 3) == "é\n"
    assert refusal(lambda: read_text(path, 2)) == f"{path}: exceeds 2 bytes"
    path.write_bytes(b"\xff")
    assert "cannot be read: 'utf-8' codec" in refusal(lambda: read_text(path))
    assert refusal(lambda: read_text(tmp_path)) == f"{tmp_path}: cannot be read: Is a directory"


@pytest.mark.parametrize("text", ["{", "[" * 100_000, "9" * 5000, "", "{'a': 1}", "\ud800"])
def test_what_is_no_json_is_refused_in_one_line(text: str) -> None:
    assert refusal(lambda: parse_json(text, "a.json")).startswith("a.json: is not JSON: ")


def test_json_is_bounded_to_the_character(tmp_path: Path) -> None:
    assert parse_json("[1]", "a", 3) == [1]
    assert refusal(lambda: parse_json("[1]", "a", 2)) == "a: size=3 exceeds 2 characters"
    path = tmp_path / "a.json"
    path.write_text("[1]".ljust(LARGEST_JSON))
    assert read_json(path) == [1]
    path.write_text("[1]".ljust(LARGEST_JSON + 1))
    assert refusal(lambda: read_json(path)) == f"{path}: exceeds {LARGEST_JSON} bytes"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a = ", "is not TOML: "),
        ("a = " + "[" * 20_000, "is not TOML: "),
        ("a = " + "9" * 5000, "is not TOML: "),
        ("a." * 201 + "a = 1", "a line has more than 200 dots"),
        ("\N{LINE SEPARATOR}".join(['"', *['".a."'] * 150, '" = 1']), "more than 200 dots"),
        ("\r".join(["a." * 150] * 2), "a line has more than 200 dots"),
        ("#" * (1 << 16) + "\n", "exceeds 65536 bytes"),
    ],
    ids=["none", "deep", "long number", "dots", "dots and separators", "dots and returns", "long"],
)
def test_what_is_no_toml_is_refused_in_one_line(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(text.encode())
    found = refusal(lambda: read_toml(path))
    assert found.startswith(f"{path}: ")
    assert message in found
    assert len(found) < len(str(path)) + 500


def test_dots_of_several_lines_are_no_matter(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text("".join(f"b{n} = 0.5\n" for n in range(300)))
    assert isinstance(read_toml(path), dict)


# --- fields ---------------------------------------------------------------------------------------


def fields(**values: object) -> Fields:
    return Fields(values, "a.json")


GOOD: dict[str, tuple[object, Callable[[Fields], object], object]] = {
    "whole": (3, lambda x: x.whole("a", 3, 3), 3),
    "number": (3, lambda x: x.number("a"), 3.0),
    "flag": (True, lambda x: x.flag("a"), True),
    "text": ("x" * 256, lambda x: x.text("a"), "x" * 256),
    "text with a break": ("a\nb", lambda x: x.text("a"), "a\nb"),
    "no text": (None, lambda x: x.text_or_none("a"), None),
    "line": ("é x", lambda x: x.line("a", 3), "é x"),
    "empty line": ("", lambda x: x.line("a"), ""),
    "choice": ("b", lambda x: x.choice("a", ("a", "b")), "b"),
    "matching": ("12", lambda x: x.matching("a", DIGITS), "12"),
    "identifier": ("_a1", lambda x: x.identifier("a"), "_a1"),
    "values": ([1, "x"], lambda x: x.values("a", 2, "paths"), [1, "x"]),
    "lines": (["x", ""], lambda x: x.lines("a", 2, 1), ("x", "")),
    "numbers": ([1, 0.5], lambda x: x.numbers("a", 2), (1.0, 0.5)),
    "integers": ([1, 5], lambda x: x.integers("a", 2, 1, 5), (1, 5)),
    "wholes": ({"b": 1}, lambda x: x.wholes("a", 1, 1), {"b": 1}),
    "objects": (
        [{"n": "x"}],
        lambda x: [(y.where, y.text("n")) for y in x.objects("a", "n", 1)],
        [("a.json: a 'x'", "x")],
    ),
    "objects by name": (
        {"b": {"n": 1}},
        lambda x: [(n, y.where, y.whole("n", 1, 1)) for n, y in x.objects_by_name("a")],
        [("b", "a.json: a 'b'", 1)],
    ),
}


@pytest.mark.parametrize("case", GOOD)
def test_a_field_is_taken(case: str) -> None:
    value, take, expected = GOOD[case]
    one = fields(a=value)
    assert take(one) == expected
    one.close()


BAD: dict[str, tuple[object, Callable[[Fields], object], str]] = {
    "true is no integer": (True, lambda x: x.whole("a", 0, 1), "a=True is not an integer"),
    "a float is none": (1.0, lambda x: x.whole("a", 0, 1), "a=1.0 is not an integer"),
    "too small": (1, lambda x: x.whole("a", 2, 3), "a=1 is not in 2..3"),
    "too large": (4, lambda x: x.whole("a", 2, 3), "a=4 is not in 2..3"),
    "true is no number": (True, lambda x: x.number("a"), "a=True is not a number"),
    "nan": (float("nan"), lambda x: x.number("a"), "a=nan is not finite"),
    "a number beyond floats": (10**400, lambda x: x.number("a"), "... is not finite"),
    "one is not true": (1, lambda x: x.flag("a"), "a=1 is neither true nor false"),
    "long text": ("x" * 257, lambda x: x.text("a"), "is not a text of up to 256 characters"),
    "no text": (1, lambda x: x.text_or_none("a"), "a=1 is not a text of up to 256"),
    "several lines": ("a\nb", lambda x: x.line("a"), r"a='a\nb' is not one line of up to 256"),
    "long line": ("abc", lambda x: x.line("a", 2), "a='abc' is not one line of up to 2"),
    "empty line": ("", lambda x: x.line("a", 2, 1), "a='' is not one line of 1 to 2"),
    "choice": ("c", lambda x: x.choice("a", ("a", "b")), "a='c' is not one of a, b"),
    "part of it matches": ("12\n", lambda x: x.matching("a", DIGITS), r"'12\n' does not match \d+"),
    "identifier": ("é", lambda x: x.identifier("a"), "a='é' is not of letters, digits and _"),
    "long identifier": (
        "abc",
        lambda x: x.identifier("a", 2),
        "a='abc' is not one line of up to 2",
    ),
    "no list": ({}, lambda x: x.values("a", 2, "paths"), "a={} is not a list of paths"),
    "long list": ([1, 2, 3], lambda x: x.values("a", 2, "paths"), "a=3 exceeds 2 paths"),
    "no line": (["x", 1], lambda x: x.lines("a", 2), "a[1]=1 is not one line of up to 256"),
    "half": ([1.5], lambda x: x.integers("a", 2, 1, 5), "a[0]=1.5 is not an integer"),
    "high": ([1, 6], lambda x: x.integers("a", 2, 1, 5), "a[1]=6 is not in 1..5"),
    "many": ([1, 2, 3], lambda x: x.integers("a", 2, 1, 5), "a=3 exceeds 2 integers"),
    "no numbers": (["x"], lambda x: x.numbers("a", 2), "a[0]='x' is not a number"),
    "no wholes": ({"b": "1"}, lambda x: x.wholes("a", 0, 2), "a.json: a: b='1' is not an integer"),
    "no object": (1, lambda x: x.inner("a"), "a.json: a: is not a JSON object"),
    "no objects": (
        [1],
        lambda x: list(x.objects("a", "n", 1)),
        "a.json: a 0: is not a JSON object",
    ),
    "more of an object": (
        [{"n": "x", "more": 1}],
        lambda x: [y.text("n") for y in x.objects("a", "n", 1)],
        "a.json: a 'x': more=1 is not a known field",
    ),
    "no objects by name": (
        {"\x1b": 1},
        lambda x: list(x.objects_by_name("a")),
        r"a.json: a '\x1b': is not a JSON object",
    ),
    "missing": (1, lambda x: x.text("b"), "a.json: b is missing"),
    "not taken": (1, lambda x: x.close(), "a.json: a=1 is not a known field"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_field_is_refused(case: str) -> None:
    value, take, message = BAD[case]
    found = refusal(lambda: take(fields(a=value)))
    assert found.startswith("a.json: ")
    assert message in found
    assert len(found) < 120


@pytest.mark.parametrize(("name", "shown"), [("a\nb", r"'a\nb'"), ("x" * 50, f"'{'x' * 40}'")])
def test_a_name_is_shown_as_data(name: str, shown: str) -> None:
    for call in (
        lambda: Fields({name: 1}, "a").close(),
        lambda: Fields({"b": {name: "x"}}, "a").wholes("b", 0, 1),
    ):
        assert f"{shown}=" in refusal(call)


def test_tables_are_called_so() -> None:
    top = Fields({"a": {"b": 1}}, "a.toml", "table")
    assert refusal(lambda: top.inner("a").inner("b")) == "a.toml: a: b: is not a table"
