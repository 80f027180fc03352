# SPDX-License-Identifier: Apache-2.0
"""Rules of Vitis HLS, and of this project, that can be checked without it: on the text of hls/."""

import re
from pathlib import Path

import pytest

from firebrick.ops import ENGINES
from hls_compiler import INCLUDE, ROOT
from hls_rules import (
    Pragma,
    calls,
    code_of,
    compile_time_lines,
    dynamic_names,
    functions,
    loops,
    pragmas,
    recursive,
)

KERNELS = INCLUDE / "firebrick"
HEADERS = sorted(KERNELS.glob("*.hpp"))
CXX = sorted(path for path in (ROOT / "hls").rglob("*") if path.suffix in (".h", ".hpp", ".cpp"))


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", CXX, ids=name)
def test_file_starts_with_licence_and_prose_and_is_short(path: Path) -> None:
    lines = path.read_text().splitlines()
    assert lines[0] == "// SPDX-License-Identifier: Apache-2.0"
    assert lines[1].startswith("// ")
    assert max(map(len, lines)) <= 100
    assert len(lines) <= 310


@pytest.mark.parametrize("path", HEADERS, ids=name)
def test_header_has_its_guard(path: Path) -> None:
    guard = f"FIREBRICK_{path.stem.upper()}_HPP_"
    text = path.read_text()
    assert f"#ifndef {guard}\n#define {guard}\n" in text
    assert text.endswith(f"#endif  // {guard}\n")


@pytest.mark.parametrize("path", HEADERS, ids=name)
def test_every_loop_is_labelled_and_unrolled_or_a_bounded_pipeline(path: Path) -> None:
    for loop in loops(path.read_text()):
        where = f"{path.name}:{loop.line}"
        assert loop.label, where
        kinds = [pragma.kind for pragma in loop.pragmas]
        assert kinds[:1] in (["UNROLL"], ["PIPELINE"]), where
        if loop.keyword == "while":
            assert "LOOP_TRIPCOUNT" in kinds, where


@pytest.mark.parametrize("path", HEADERS, ids=name)
def test_function_is_one_pipelined_loop_in_a_header_of_its_name(path: Path) -> None:
    text = path.read_text()
    found = functions(text)
    assert found in ([], [path.stem])
    pipelined = [loop for loop in loops(text) if loop.pragmas[0].kind == "PIPELINE"]
    assert len(pipelined) == len(found)
    for loop in pipelined:
        assert loop.depth == 1, "the loop lies in another"
        assert loop.pragmas[0].options["II"] == "1"
        assert "Invariant: " in text[: loop.start].rpartition("\n\n")[2]


def test_every_operator_has_a_function() -> None:
    assert {path.stem for path in HEADERS if functions(path.read_text())} >= {*ENGINES, "broadcast"}


@pytest.mark.parametrize("path", HEADERS, ids=name)
def test_no_recursion_no_dynamic_memory_no_floating_point(path: Path) -> None:
    assert dynamic_names(path.read_text()) == []


def test_no_function_calls_itself_by_any_way() -> None:
    assert recursive(calls("\n".join(path.read_text() for path in HEADERS))) == []


@pytest.mark.parametrize("path", HEADERS, ids=name)
def test_no_macro_but_guards_and_the_width_of_integers(path: Path) -> None:
    defined = re.findall(r"^ *# *define +(\w+)", path.read_text(), re.MULTILINE)
    assert set(defined) <= {f"FIREBRICK_{path.stem.upper()}_HPP_", "AP_INT_MAX_W"}


VALUE = {
    ("ARRAY_PARTITION", "type"): r"complete",
    ("ARRAY_RESHAPE", "type"): r"complete",
    ("BIND_STORAGE", "type"): r"ram_s2p|rom_1p",
    ("BIND_STORAGE", "impl"): r"lutram|bram|uram",
    ("BIND_OP", "op"): r"mul",
    ("BIND_OP", "impl"): r"dsp|fabric",
    ("DEPENDENCE", "type"): r"inter",
    ("DEPENDENCE", "direction"): r"RAW|WAR",
    ("PIPELINE", "style"): r"flp|frp|stp",
    ("PIPELINE", "II"): r"1",
}
"""What a pragma's option may say, where it is no name or number of the program."""
OPTIONS = {
    "ARRAY_PARTITION": {"variable", "type", "dim"},
    "ARRAY_RESHAPE": {"variable", "type", "dim"},
    "BIND_OP": {"variable", "op", "impl"},
    "BIND_STORAGE": {"variable", "type", "impl"},
    "DEPENDENCE": {"variable", "type", "direction", "distance", "true"},
    "INLINE": {"off"},
    "LOOP_TRIPCOUNT": {"min", "max"},
    "PIPELINE": {"II", "style"},
    "UNROLL": set(),
}
"""Pragmas in use, with the options that they know."""


@pytest.mark.parametrize("path", HEADERS, ids=name)
def test_pragmas_are_spelt_right_and_name_what_there_is(path: Path) -> None:
    text = path.read_text()
    words = set(re.findall(r"\w+", code_of(text)))
    for pragma in pragmas(text):
        where = f"{path.name}:{pragma.line}"
        assert pragma.kind in OPTIONS, where
        assert set(pragma.options) <= OPTIONS[pragma.kind], where
        for option, value in pragma.options.items():
            allowed = VALUE.get((pragma.kind, option))
            if allowed:
                assert re.fullmatch(allowed, value), f"{where}: {option}"
            elif option == "variable" or not re.fullmatch(r"\d*", value):
                assert value in words, f"{where}: {option}={value}"


BAD = """
template <class Cfg>
void twice(hls::stream<typename Cfg::in_beat>& s_axis, hls::stream<typename Cfg::out_beat>& m) {
  float* p = new float[3];
  for (int i = 0; i < 3; ++i) {
#pragma HLS UNROL factor=2
    twice<Cfg>(s_axis, m);
  }
work:
  while (true) {
#pragma HLS PIPELINE II=1
  }
}
constexpr int fine(int n) {
  while (n > 7) n /= 2;
  return n;
}
"""


def test_the_checks_see_what_is_wrong() -> None:
    first, second = loops(BAD)
    assert (first.label, first.keyword, second.label, second.keyword) == (
        "",
        "for",
        "work",
        "while",
    )
    assert first.pragmas == [Pragma(6, "UNROL", {"factor": "2"})]
    assert [pragma.kind for pragma in second.pragmas] == ["PIPELINE"]
    assert functions(BAD) == ["twice"]
    assert dynamic_names(BAD) == ["float", "new", "float"]
    assert recursive(calls(BAD)) == ["twice"]
    assert recursive({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c"]
    assert compile_time_lines(BAD) == {14, 15, 16, 17}
