# SPDX-License-Identifier: Apache-2.0
"""Rules that C synthesis enforces, on the C++ of a whole generated network.

Those of the functions by themselves are in `test_rules.py` and `test_parts.py`.
"""

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hls_top_rules import CALL, WIDEST, faults
from test_parts import checked_include

from firebrick.emit.hls.generate import generate
from firebrick.emit.hls.top import Border
from firebrick.search.goal import Goal
from firebrick.search.planner import plan
from hls_compiler import INCLUDE, command, refusal
from hls_rules import loops
from networks import small_network


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[Border, Path]:
    """A network with every function, a bypass and a broadcast, for either kind of board."""
    network = small_network()
    chosen = plan(network, Goal(multipliers=24))
    root = tmp_path_factory.mktemp("rules")
    for border, board in ((Border.STREAM, "zcu104"), (Border.MEMORY, "alveo-u50")):
        generate(network, replace(chosen, board=board), root / border)
    return {border: root / border for border in Border}


@pytest.mark.parametrize("border", Border)
def test_top_keeps_the_rules(border: Border, folders: dict[Border, Path]) -> None:
    text = (folders[border] / "network.cpp").read_text()
    used = {function for function, _, _ in CALL.findall(text)}
    assert used >= {"conv", "maxpool", "avgpool", "add", "regroup", "image", "broadcast"}
    assert faults(text) == []


@pytest.mark.parametrize("border", Border)
def test_depth_of_memory_is_the_frame(border: Border, folders: dict[Border, Path]) -> None:
    """Co-simulation copies that many words."""
    text = (folders[border] / "network.cpp").read_text()
    depths = [int(x) for x in re.findall(r"mode=m_axi .* depth=(\d+)", text)]
    frames = [int(x) for x in re.findall(r"m?s?_axis_layer \{.*?FRAME_BEATS = (\d+)", text, re.S)]
    assert depths == (frames if border is Border.MEMORY else [])


def test_only_functions_loop(folders: dict[Border, Path]) -> None:
    for folder in folders.values():
        for path in (folder / "network.cpp", *(folder / "layers").glob("*.hpp")):
            assert loops(path.read_text()) == [], path.name


STREAM_CHANGES = [
    (r"  firebrick::regroup<conv1_regroup_layer[^;]*;\n", "", "conv1_stream is ['written']"),
    (r"(  firebrick::maxpool<[^;]*;\n)", r"\1\1", "pool1_stream is ['written', 'written', 'read']"),
    (
        r"(  firebrick::axis_in<[^;]*;\n)(  firebrick::image<[^;]*;\n)",
        r"\2\1",
        "['read', 'written']",
    ),
    (r"conv1_layer::codes", "conv10_layer::codes", "conv10_layer::codes is no table of conv1"),
    (r"\(s_axis, pixels_stream\)", "(s_axis, other)", "other is no channel"),
    (r"(pool1_broadcast_layer::Cfg>)\(pool1_stream, ", r"\1(", "is no channel|'read'"),
    (r"#pragma HLS STREAM variable=pool1_stream depth=2\n", "", "not each channel has a depth"),
    (r"variable=pool1_stream depth=2", "variable=pool1_stream depth=1", "is too shallow"),
    (r"#pragma HLS DATAFLOW\n", "", "no DATAFLOW"),
    (r"beat<48, 8>> pixels", "beat<513, 8>> pixels", "pixels_stream has 4104 bits"),
    (r"  firebrick::axis_in", "  if (true)\n  firebrick::axis_in", "  if (true)"),
    (r"#pragma HLS INTERFACE mode=axis port=m_axis\n", "", "m_axis: []"),
    (r"mode=axis port=m_axis", "mode=axis port=m_axes", "m_axes is no port"),
    (r"mode=axis port=m_axis", "mode=axis port=s_axis", "s_axis: ['axis', 'axis']"),
    (r"#pragma HLS INTERFACE mode=s_axilite port=return[^\n]*\n", "", "return: ['ap_ctrl_chain']"),
    (r"ap_axiu<384", "ap_axiu<380", "s_axis has 380 bits"),
    (r"hls::stream<ap_axiu<384, 0, 0, 0>>& s_axis", "int s_axis", "s_axis: int s_axis"),
]
MEMORY_CHANGES = [
    (r"offset=slave bundle=gmem_image", "bundle=gmem_image", "image: nobody sets its address"),
    (r"bundle=gmem_image depth=\d+", "bundle=gmem_image", "has to know its depth"),
    (r"bundle=gmem_image", "bundle=gmem_logits", "one port to memory"),
    (r"mode=s_axilite port=image bundle=control", "mode=s_axilite port=image", "not one bundle"),
    (r"#pragma HLS INTERFACE mode=s_axilite port=image[^\n]*\n", "", "image: ['m_axi']"),
    (r"ap_uint<512>\* image", "ap_uint<2048>* image", "image: 2048 bits"),
    (r"ap_uint<512>\* image", "ap_uint<384>* image", "image: 384 bits"),
]


@pytest.mark.parametrize(
    ("border", "pattern", "after", "fault"),
    [
        *((Border.STREAM, *x) for x in STREAM_CHANGES),
        *((Border.MEMORY, *x) for x in MEMORY_CHANGES),
    ],
)
def test_a_broken_rule_is_found(
    border: Border, pattern: str, after: str, fault: str, folders: dict[Border, Path]
) -> None:
    text = (folders[border] / "network.cpp").read_text()
    broken = re.sub(pattern, after, text, count=1)
    assert broken != text
    assert any(x in one for x in fault.split("|") for one in faults(broken)), faults(broken)


# --- what only a compiler can count ---------------------------------------------------------------


def with_counts(folder: Path) -> Path:
    """Copy of the functions' headers that also checks widths of words and bounds of loops.

    Bounds have to be constants: C synthesis cannot report the cycles of a loop otherwise. A
    function that polls its streams has no highest number of iterations, and names the lowest only.
    """

    def bounds(match: re.Match[str]) -> str:
        low, high = match[2], match[3] or match[2]
        return f'{match[1]}\nstatic_assert(0 < ({low}) && ({low}) <= ({high}), "bounds of a loop");'

    include = checked_include(folder)
    for path in (include / "firebrick").glob("*.hpp"):
        text = re.sub(
            r"^(#pragma HLS LOOP_TRIPCOUNT min = (\w+)(?: max = (\w+))?)$",
            bounds,
            path.read_text(),
            flags=re.MULTILINE,
        )
        text = re.sub(
            r"^(#pragma HLS ARRAY_RESHAPE variable = (\w+) type = complete dim = (\d))$",
            r"\1\nstatic_assert(::partitions::size<decltype(\2), \3>() *"
            r" std::remove_all_extents_t<std::remove_reference_t<decltype(\2)>>::width"
            rf' <= {WIDEST}, "word of \2");',
            text,
            flags=re.MULTILINE,
        )
        path.write_text(text)
    return include


def said(folder: Path, include: Path) -> str:
    """What the compiler says about a generated network with checked headers."""
    vendor = include / "vendor"
    vendor.mkdir(exist_ok=True)
    (vendor / "ap_axi_sdata.h").write_bytes((folder / "csim" / "ap_axi_sdata.h").read_bytes())
    start = [*command(strict=False, include=include), f"-I{vendor}", f"-I{folder}"]
    return refusal((folder / "network.cpp").read_text(), start)


def test_words_partitions_and_bounds(folders: dict[Border, Path], tmp_path: Path) -> None:
    include = with_counts(tmp_path)
    text = "".join(x.read_text() for x in (include / "firebrick").glob("*.hpp"))
    for kind, mark in (("LOOP_TRIPCOUNT", '"bounds of a'), ("ARRAY_RESHAPE", '"word of')):
        assert text.count(f"#pragma HLS {kind}") == text.count(mark) > 0
    assert said(folders[Border.STREAM], include) == ""


@pytest.mark.parametrize(
    ("header", "before", "after", "message"),
    [
        ("conv_shape", "WORD = (", "WORD = 600 + (", "word of bank"),
        ("regroup", "max = MOST", "max = OUT_BEATS - 1", "bounds of a loop"),
        ("regroup", "max = MOST", "max = int(given) + 9999", "non-constant|not usable"),
    ],
)
def test_what_is_too_wide_or_unbounded_is_found(
    header: str, before: str, after: str, message: str, folders: dict[Border, Path], tmp_path: Path
) -> None:
    include = with_counts(tmp_path)
    path = include / "firebrick" / f"{header}.hpp"
    text = path.read_text()
    assert before in text
    marked = text.replace(before, after)
    # The bounds were copied into their check already.
    path.write_text(marked.replace("(MOST)", f"({after.removeprefix('max = ')})"))
    assert re.search(message, said(folders[Border.STREAM], include))


def first_includes(name: str, seen: set[str]) -> Iterator[str]:
    """What a header includes in the order in which the compiler meets it, beside our own."""
    if name in seen:
        return
    seen.add(name)
    text = (INCLUDE / "firebrick" / name).read_text()
    for own, other in re.findall(
        r'^#(?:include (?:"firebrick/(.*?)"|<(.*?)>)|define AP_INT_MAX_W 4096)', text, re.MULTILINE
    ):
        yield from first_includes(own, seen) if own else [other or "AP_INT_MAX_W"]


@pytest.mark.parametrize("name", sorted(x.name for x in INCLUDE.rglob("*.hpp")))
def test_each_header_allows_wide_words_before_ap_int(name: str) -> None:
    """Whichever is included first: the vendor's default of 1,024 bits is too narrow for a beat."""
    found = list(first_includes(name, set()))
    vendor = [n for n, x in enumerate(found) if x.startswith(("ap_", "hls_"))]
    if vendor:
        assert found.index("AP_INT_MAX_W") < vendor[0], found


def test_a_header_that_begins_with_ap_int_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(INCLUDE, tmp_path / "include")
    monkeypatch.setitem(globals(), "INCLUDE", tmp_path / "include")
    path = tmp_path / "include" / "firebrick" / "conv.hpp"
    path.write_text(path.read_text().replace("#include", "#include <ap_fixed.h>\n#include", 1))
    with pytest.raises(AssertionError):
        test_each_header_allows_wide_words_before_ap_int("conv.hpp")
