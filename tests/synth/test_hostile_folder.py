# SPDX-License-Identifier: Apache-2.0
"""A generated folder comes from anywhere: what it says never runs, and nothing outside is read."""

import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from command_line import firebrick
from firebrick.cli.files import read_manifest_plan
from firebrick.data import hardware_sources
from firebrick.emit.folder import MOST_FILES, inner_path, names_of, read_inner
from firebrick.emit.hls.generate import generate as generate_hls
from firebrick.emit.hls.own import require_own_cpp, strange_line
from firebrick.emit.rtl.generate import MANIFEST, generate
from firebrick.emit.rtl.network_top import TOP
from firebrick.emit.rtl.own import require_own
from firebrick.errors import FirebrickError
from firebrick.hardware.resources import Family
from firebrick.search.goal import Goal
from firebrick.search.planner import plan
from firebrick.synth.folder import copy_sources, is_literal, read_parts
from firebrick.synth.vitis_hls.project import WORK
from firebrick.synth.yosys.module import synthesize_module
from networks import small_network


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    network = small_network(bypass=False)
    folder = tmp_path_factory.mktemp("hostile") / "rtl"
    generate(network, plan(network, Goal(multipliers=8)), folder)
    return folder


@pytest.fixture
def folder(generated: Path, tmp_path: Path) -> Path:
    """A copy to spoil."""
    return Path(shutil.copytree(generated, tmp_path / "rtl"))


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Path]:
    """Where nothing may appear, beside the folder."""
    place = tmp_path / "outside"
    place.mkdir()
    yield place
    assert list(place.iterdir()) == []


def edit(folder: Path, **changes: object) -> None:
    path = folder / MANIFEST
    fields = json.loads(path.read_text()) | changes
    path.write_text(json.dumps({x: y for x, y in fields.items() if y is not ...}))


def refusal(folder: Path, *options: str) -> str:
    """The one line of `synth`."""
    before = sorted(folder.rglob("*"))
    result = firebrick(folder.parent, "synth", folder.name, "--json", *options)
    assert (result.returncode, result.stdout) == (2, ""), result.stderr
    lines = [x for x in result.stderr.splitlines() if x.startswith("firebrick: ")]
    assert len(lines) == 1, result.stderr
    assert "Traceback" not in result.stderr
    assert sorted(folder.rglob("*")) == before
    return lines[0]


# --- parameters -----------------------------------------------------------------------------------

HOSTILE_VALUES = (
    "3 image.z.sv ; exec -- touch outside/x ;",
    "3; exec -- touch outside/x",
    "3\texec",
    "3\n!touch outside/x",
    "$system(1)",
    "`include",
    "{1, 2}",
    "3'h",
    "3'hg1",
    "8'sd1",
    "1_000",
    "1e3",
    "3.0",
    "--top x",
    "-",
    "",
    "WIDTH",
    '"a b"',
    '"a;b"',
    '"a\\"b"',
    '"/etc/passwd"',
    '"a" "b"',
    "٣",
    "1" * 21,
)


def test_values_are_decimals_sized_literals_and_plain_texts() -> None:
    for value in ("0", "3", "-7", "40'hff", "96'h0123456789abcdef", '"conv1"', '""', '"a-b.c+d_e"'):
        assert is_literal(value), value
    for value in HOSTILE_VALUES:
        assert not is_literal(value), value


@pytest.mark.parametrize("trust", [(), ("--trust-sources",)], ids=["", "trusted"])
@pytest.mark.parametrize("value", HOSTILE_VALUES[:3] + HOSTILE_VALUES[4:9])
def test_a_parameter_that_is_none_is_refused(
    value: str, trust: tuple[str, ...], folder: Path, outside: Path
) -> None:
    """Whether or not the sources are trusted: parameters are pasted."""
    top = folder / f"{TOP}.sv"
    text = top.read_text()
    old = re.findall(r"\.CHANNELS\(\d+\)", text)[0]
    top.write_text(text.replace(old, f".CHANNELS({value})", 1))
    edit(folder, memories=["image.z.mem"])
    (folder / "image.z.mem").write_text("0\n")
    assert "is not as generated" in refusal(folder, *trust)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (r"\bconv #", "conv_lane #"),  # a module that is there, and that nobody estimates
        (r"\.WEIGHT_DEPTH\(\d+\)", ".WEIGHT_DEPTH(8589934592)"),
        (r"\.OUT_COLUMNS\(\d+\)", ".OUT_COLUMNS(1000000000)"),
    ],
)
def test_what_nobody_can_estimate_is_refused_soon(before: str, after: str, folder: Path) -> None:
    top = folder / f"{TOP}.sv"
    text, count = re.subn(before, after, top.read_text(), count=1)
    assert count == 1
    top.write_text(text)
    start = time.monotonic()
    with pytest.raises(FirebrickError, match=r"instance '\w+' is not as generated"):
        read_manifest_plan(folder)
    assert time.monotonic() - start < 10


def test_yosys_takes_no_parameter_for_a_command(tmp_path: Path, outside: Path) -> None:
    """Even where a value passed every check, Yosys gets words, not a line."""
    source = tmp_path / "tiny.sv"
    source.write_text(
        "module tiny #(parameter int N = 1) (input logic a, output logic [N-1:0] q);\n"
        "  assign q = {N{a}};\nendmodule\n"
    )
    value = f"3 {source} ; exec -- touch {outside / 'x'} ;"
    with pytest.raises(FirebrickError, match="tiny: Yosys failed"):
        synthesize_module("tiny", {"N": value}, {}, [source], Family.XC7)
    blank = tmp_path / "a folder; exec -- true" / "tiny.sv"
    blank.parent.mkdir()
    shutil.copyfile(source, blank)
    synthesize_module("tiny", {"N": "3"}, {}, [blank], Family.XC7)


# --- the manifest ---------------------------------------------------------------------------------

TOOLS = ("yosys", "nextpnr")

WRONG_MEMORIES = [
    ..., None, 3, "conv1.mem", {"a": 1}, [3], [None], [["x"]], ["../outside.mem"], ["/etc/passwd"],
    ["a/../b.mem"], ["./conv1.mem"], ["-o.mem"], [".mem"], ["a b.mem"], ["a\nb.mem"], ["a;b.mem"],
    ["none.mem"], ["hw"], [f"{TOP}.sv"], ["hw/conv.sv"], ["x" * 300 + ".mem"], ["ü.mem"], [""],
    ["link.mem"], ["fifo.mem"], ["dir.mem"], ["x.mem"] * (MOST_FILES + 1),
]  # fmt: skip


@pytest.mark.parametrize("names", WRONG_MEMORIES, ids=lambda x: f"{x!r:.20}")
def test_memory_images_are_files_of_the_folder(names: object, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "outside.mem").write_text("0\n")
    (folder / "link.mem").symlink_to(tmp_path / "outside.mem")
    os.mkfifo(folder / "fifo.mem")
    (folder / "dir.mem").mkdir()
    edit(folder, memories=names)
    for tool in TOOLS:
        assert "memories" in refusal(folder, "--tool", tool)


@pytest.mark.parametrize("tool", ["yosys", "nextpnr", "vivado", "vitis", "vitis_hls"])
@pytest.mark.parametrize("change", [{"plan": ...}, {"plan": 3}, {"target": 3}, {"target": "x"}])
def test_a_manifest_of_wrong_types_is_one_line(
    change: dict[str, object], tool: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, finder in (
        ("vivado", "find_vivado"),
        ("vitis", "find_vitis"),
        ("vitis_hls", "find_flow"),
    ):
        monkeypatch.setattr(f"firebrick.cli.synth.{name}.{finder}", lambda: None)
    edit(folder, **change)
    board = () if tool in TOOLS else ("--board", "zcu104" if tool != "vitis" else "alveo-u50")
    assert MANIFEST in refusal(folder, "--tool", tool, *board)


@pytest.mark.parametrize("text", ["", "[]", "3", "{", "null", "[" * 100_000, '"' + "x" * 5_000_000])
def test_a_manifest_that_is_none_is_one_line(text: str, folder: Path) -> None:
    (folder / MANIFEST).write_text(text)
    for tool in TOOLS:
        assert MANIFEST in refusal(folder, "--tool", tool)


@pytest.mark.parametrize("make", ["fifo", "link", "folder"])
def test_a_manifest_that_is_no_file_is_one_line(make: str, folder: Path) -> None:
    path = folder / MANIFEST
    path.rename(folder / "other")
    if make == "fifo":
        os.mkfifo(path)
    elif make == "link":
        path.symlink_to(folder / "other")
    else:
        path.mkdir()
    for tool in TOOLS:
        assert MANIFEST in refusal(folder, "--tool", tool)


@pytest.mark.parametrize(
    "line", ["  conv #(", "  conv u_a (", "  ) u_a (", "    .A(1),", "  conv #(\n  ) u_a (\n  );"]
)
def test_a_top_of_many_lines_is_refused_soon(line: str, folder: Path) -> None:
    (folder / f"{TOP}.sv").write_text(f"{line}\n" * (400_000 // len(line)))
    assert f"{TOP}.sv" in refusal(folder) or "are not those" in refusal(folder)


def test_the_plan_of_a_manifest_is_recomputed(folder: Path) -> None:
    document = json.loads((folder / MANIFEST).read_text())["plan"]
    for resources, words in (
        ({"dsp": 0}, "resources.dsp=0 is not "),
        ({"lut": 1 << 40}, f"resources.lut={1 << 40} is not "),
    ):
        edit(folder, plan=document | {"resources": document["resources"] | resources})
        for tool in TOOLS:
            message = refusal(folder, "--tool", tool)
            assert f"{MANIFEST}: plan: {words}" in message
            assert "plan it again" in message
    edit(folder, plan=document | {"board": "zcu104"})
    assert "family='xc7' is not 'xcup', that of board 'zcu104'" in refusal(folder)
    edit(folder, plan=document | {"board": "../../x.toml"})
    assert "board='../../x.toml' is no name of a board" in refusal(folder)


# --- sources --------------------------------------------------------------------------------------


def append(text: str) -> Callable[[Path], None]:
    def spoil(path: Path) -> None:
        path.write_text(path.read_text() + text)

    return spoil


def replace_by_link(path: Path) -> None:
    other = path.with_suffix(".other")
    path.rename(other)
    path.symlink_to(other)


def replace_by_fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


SPOILED = {
    "system": append('initial $system("touch outside/x");\n'),
    "include": append('`include "/etc/passwd"\n'),
    "readmemh": append('initial $readmemh("/etc/passwd", x);\n'),
    "verilator": append('// verilator public_flat_rw\n'),
    "c": append("initial $c(\"system(\\\"touch outside/x\\\");\");\n"),
    "dpi": append('import "DPI-C" function int system(string s);\n'),
    "directive": append("// synopsys translate_off\n"),
    "blank": append(" \n"),
    "return": append("\r\n"),
    "not ascii": append("// é\n"),
    "link": replace_by_link,
    "fifo": replace_by_fifo,
}  # fmt: skip


@pytest.mark.parametrize("what", SPOILED)
@pytest.mark.parametrize("name", ["hw/conv.sv", "hw/stray.sv", f"{TOP}.sv"])
def test_sources_that_are_not_ours_are_refused(
    name: str, what: str, folder: Path, tmp_path: Path, outside: Path
) -> None:
    path = folder / name
    if not path.exists():
        path.write_text("module stray;\nendmodule\n")
    SPOILED[what](path)
    target = tmp_path / "copy"
    target.mkdir()
    with pytest.raises(FirebrickError, match=re.escape(f"file '{name}' ")) as caught:
        copy_sources(folder, [f"{TOP}.sv"], target)
    assert "\n" not in str(caught.value)
    assert what in ("link", "fifo") or "--trust-sources" in str(caught.value)
    if what in ("link", "fifo"):
        with pytest.raises(FirebrickError):
            copy_sources(folder, [f"{TOP}.sv"], target, trusted=True)
    else:
        copy_sources(folder, [f"{TOP}.sv"], target, trusted=True)


@pytest.mark.parametrize("name", ["-x.sv", ".x.sv", "a b.sv", "a;b.sv", "a\nb.sv", "ü.sv"])
def test_names_of_files_are_plain(name: str, folder: Path) -> None:
    (folder / "hw" / name).write_text("")
    assert "does not match" in refusal(folder, "--trust-sources")


def test_every_generated_top_passes(generated: Path) -> None:
    for name in (*names_of(generated, ".", ".sv"), *names_of(generated, "hw", ".sv")):
        require_own(generated, name, read_inner(generated, name))
    assert len(names_of(generated, "hw", ".sv")) == len(hardware_sources())


def test_reading_is_bounded(folder: Path) -> None:
    assert len(read_inner(folder, MANIFEST, 1 << 20)) > 100
    with pytest.raises(FirebrickError, match="exceeds 100 bytes"):
        read_inner(folder, MANIFEST, 100)
    with pytest.raises(FirebrickError, match="is no regular file"):
        inner_path(folder, "hw")
    (folder / "there").symlink_to(folder / "hw")
    with pytest.raises(FirebrickError, match="is a link"):
        inner_path(folder, "there/conv.sv")
    read_parts(folder)


# --- C++ ------------------------------------------------------------------------------------------

HOSTILE_LINES = (
    'int x = system("touch outside/x");',
    'int x = ::system("x");',
    'int x = std::system("x");',
    "#include <cstdlib>",
    '#include "/etc/passwd"',
    '#include "../x.hpp"',
    '#include "layers/../../x.hpp"',
    "#define FIREBRICK_X system",
    '#pragma GCC poison "x"',
    "#  pragma HLS x",
    'asm("nop");',
    '__asm__("nop");',
    "[[gnu::constructor]] void run() {",
    "// a comment that goes on \\",
    "// a comment that goes on ??/",
    "static const int x = 1; /* */",
    'R"(x)";',
    "using namespace std;",
    "int x = '\\0';",
    "%:include <cstdlib>",
)


def test_generated_cpp_can_only_be_what_it_is() -> None:
    for line in HOSTILE_LINES:
        assert strange_line(f"struct Cfg {{\n{line}\n}};\n") == line


@pytest.mark.parametrize(
    "name",
    ["network.cpp", "testbench.cpp", "layers/conv1.hpp", "include/firebrick/conv.hpp", "cstdio",
     "include/cstdint", "layers/x.h", "vitis/testbench.hpp", "stray/x"],
)  # fmt: skip
def test_cpp_that_is_not_ours_is_refused(name: str, folder: Path) -> None:
    network = small_network(bypass=False)
    generate_hls(network, plan(network, Goal(multipliers=8)), folder.parent / "hls")
    place = folder.parent / "hls"
    require_own_cpp(place, WORK)
    (place / WORK).mkdir()
    (place / WORK / "cstdio").write_text("")  # the tool's, made anew
    require_own_cpp(place, WORK)
    path = place / name
    path.parent.mkdir(exist_ok=True)
    with path.open("a") as file:
        file.write('int x = system("touch outside/x");\n')
    with pytest.raises(FirebrickError, match=re.escape(f"file '{name}' ")) as caught:
        require_own_cpp(place, WORK)
    assert "--trust-sources" in str(caught.value)
