# SPDX-License-Identifier: Apache-2.0
"""Networks in blocks, and the adapters between arrays and row streams; hls4ml itself not needed."""

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from firebrick.errors import FirebrickError
from firebrick.hls4ml.block import Block, blocks, chains
from firebrick.hls4ml.block_text import block_text
from firebrick.hls4ml.convert import convert
from firebrick.hls4ml.sources import ADAPTER, BUILD_PRJ, FLAGS, _replace
from firebrick.ir.network import Layer, Network
from firebrick.plan.pipeline import build
from firebrick.search.goal import Goal
from firebrick.search.planner import plan
from hls_compiler import ap_types, command, compiled, refusal
from hls_rules import code_of, dynamic_names, loops, pragmas
from networks import small_network


def blocks_of(network: Network) -> tuple[Block, ...]:
    return blocks(network, build(network, plan(network, Goal(multipliers=24))))


def test_blocks_of_a_small_network() -> None:
    network = small_network()
    (before,) = [x.inputs for x in network if x.name == "conv10"]
    found = blocks_of(network)
    assert [name for x in found for name in x.layers] == [x.name for x in network]
    wanted = [
        ("conv1", "FirebrickConv", ("image",), ("conv1",), (12, 12, 6)),
        ("pool1", "FirebrickMaxPool", ("conv1",), ("pool1",), (6, 6, 6)),
        ("fire2", "Fire", ("pool1",), ("fire2_squeeze", "fire2_expand"), (6, 6, 6)),
        ("bypass2", "FirebrickAdd", ("pool1", "fire2"), ("bypass2",), (6, 6, 6)),
        ("conv10_pool10", "FirebrickClassifier", before, ("conv10", "pool10"), (7, 1)),
    ]
    fields = [(x.name, str(x.kind), x.inputs, x.layers, x.shape) for x in found]
    assert [x for x in fields if x[0] in {y[0] for y in wanted}] == wanted


def test_a_squeeze_with_a_second_reader_is_no_fire() -> None:
    network = small_network(bypass=False)
    layers = list(network)
    expand = next(x for x in layers if x.name == "fire2_expand")
    again = Layer(replace(expand.operator, name="fire2_again"), expand.inputs)
    at = layers.index(expand)
    wider = Network(
        network.name,
        network.image,
        (*layers[:at], again, *layers[at:]),
        network.preprocessing,
        network.scales | {"fire2_again": 1.0},
    )
    names = [tuple(x.name for x in chain) for chain in chains(wider)]
    assert [x for x in names if len(x) > 1] == [("conv10", "pool10")]


def test_text_of_a_block_is_the_same_every_time_and_names_the_model() -> None:
    (fire,) = [x for x in blocks_of(small_network()) if x.name == "fire2"]
    text = block_text(fire, ("Of a model.",))
    assert text == block_text(fire, ("Of a model.",))
    assert text.startswith("// SPDX-License-Identifier: Apache-2.0\n")
    assert "// Of a model.\n" in text
    calls = re.findall(r"^  firebrick::(\w+)", text, re.MULTILINE)
    functions = [x for x in calls if x not in ("tap", "regroup")]
    assert functions == ["array_to_rows", "conv", "conv", "rows_to_array"]
    assert max(map(len, text.splitlines())) <= 100


BENCH = """
#include <cstdlib>
namespace {
int wrong = 0;
void check(bool rule, const char* what, int at) {
  if (!rule && ++wrong < 9) std::fprintf(stderr, "%s at %d\\n", what, at);
}
template <int C, int H, int W, int COLS, int B>
struct cfg {
  static constexpr int CHANNELS = C, HEIGHT = H, WIDTH = W, COLUMNS = COLS, BITS = B;
};
// Two frames there and back; the channel at place n of the row stream is n * STEP modulo C.
template <class Cfg, class value_T, int STEP>
void there_and_back() {
  constexpr int C = Cfg::CHANNELS, W = Cfg::WIDTH, COLS = Cfg::COLUMNS;
  using array = nnet::array<value_T, C>;
  static value_T frame[Cfg::HEIGHT][W][C];
  unsigned char order[C];
  for (int n = 0; n < C; ++n) order[n] = n * STEP % C;
  for (int run = 0; run < 2; ++run) {
    hls::stream<array> in, out;
    hls::stream<firebrick::beat<COLS, Cfg::BITS>> rows, copy;
    for (auto& row : frame) {
      for (auto& pixel : row) {
        array values;
        for (int c = 0; c < C; ++c) {
          pixel[c].range(Cfg::BITS - 1, 0) = ap_uint<Cfg::BITS>(std::rand());
          values[c] = pixel[c];
        }
        in.write(values);
      }
    }
    firebrick::array_to_rows<Cfg>(in, rows, order);
    int at = 0;
    for (int y = 0; y < Cfg::HEIGHT; ++y) {
      for (int n = 0; n < C; ++n) {
        for (int x = 0; x < W; x += COLS, ++at) {
          const auto beat = rows.read();
          for (int c = 0; c < COLS && x + c < W; ++c) {
            const ap_uint<Cfg::BITS> bits = frame[y][x + c][order[n]].range(Cfg::BITS - 1, 0);
            check(get_pixel(beat, c) == bits, "row stream", at);
          }
          const bool end = y == Cfg::HEIGHT - 1 && n == C - 1 && x + COLS >= W;
          check(beat.last == end, "last", at);
          copy.write(beat);
        }
      }
    }
    check(rows.empty() && in.empty(), "beats left", at);
    firebrick::rows_to_array<Cfg>(copy, out, order);
    for (int y = 0; y < Cfg::HEIGHT; ++y) {
      for (int x = 0; x < W; ++x) {
        const array values = out.read();
        for (int c = 0; c < C; ++c) check(values[c] == frame[y][x][c], "array", y * W + x);
      }
    }
    check(out.empty() && copy.empty(), "arrays left", 0);
  }
}
void values() {
  using Cfg = cfg<11, 1, 1, 1, 9>;
  using array = nnet::array<ap_int<9>, 1>;
  hls::stream<firebrick::beat<1, 9>> in;
  hls::stream<array> out;
  for (int n = 0; n < 11; ++n) in.write({ap_uint<9>(n * 47), n == 10});
  firebrick::values_to_array<Cfg>(in, out);
  for (int n = 0; n < 11; ++n) check(out.read()[0] == ap_int<9>(n * 47), "value", n);
}
}  // namespace

int main() {
  there_and_back<cfg<3, 4, 7, 3, 8>, ap_uint<8>, 2>();
  there_and_back<cfg<8, 3, 8, 4, 5>, ap_ufixed<5, 2>, 3>();
  there_and_back<cfg<6, 2, 5, 1, 7>, ap_fixed<7, 3>, 5>();
  there_and_back<cfg<5, 3, 4, 9, 8>, ap_int<8>, 1>();
  there_and_back<cfg<7, 5, 1, 1, 4>, ap_uint<4>, 3>();
  there_and_back<cfg<1, 1, 1, 2, 8>, ap_uint<8>, 1>();
  values();
  return wrong != 0;
}
"""


def test_adapters_obey_the_rules_of_functions() -> None:
    """But the taps, which are not synthesized."""
    text = re.sub(
        r"^#ifndef __SYNTHESIS__\n.*?^#endif\n", "", ADAPTER.read_text(), flags=re.M | re.S
    )
    assert dynamic_names(text) == []
    found = loops(text)
    assert len(found) == 3 + 4
    for loop in found:
        assert loop.label
        assert loop.pragmas[0].kind == ("PIPELINE" if loop.depth == 1 else "UNROLL")
        assert loop.keyword == "for" or "LOOP_TRIPCOUNT" in [x.kind for x in loop.pragmas]
    words = set(re.findall(r"\w+", code_of(text)))
    for pragma in pragmas(text):
        values = {x for x in pragma.options.values() if re.match(r"[a-zA-Z]", x)}
        known = {"complete", "inter", "RAW", "ram_s2p", "lutram"}
        assert values <= words | known, pragma


def bench() -> tuple[str, list[str]]:
    """The translation unit, headers and all, and the command."""
    start = command(strict=False, sanitized=True)
    types = ap_types()
    assert types is not None
    head = '#include <ap_fixed.h>\n#include <ap_int.h>\n#include "nnet_utils/nnet_types.h"\n'
    text = "#define AP_INT_MAX_W 4096\n" + head + ADAPTER.read_text() + BENCH
    return text, [*start, "-isystem", str(types.parent)]


def test_arrays_become_rows_and_arrays_again(build_root: Path) -> None:
    text, start = bench()
    binary = compiled(text, "hls4ml_adapters", build_root, start)
    result = subprocess.run([str(binary)], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("cfg<3, 4, 7, 3, 8>", "cfg<3, 4, 7, 3, 6>", "its values do not have BITS bits"),
        ("cfg<3, 4, 7, 3, 8>", "cfg<3, 4, 0, 3, 8>", "WIDTH and COLUMNS must be at least 1"),
        ("nnet::array<ap_int<9>, 1>", "nnet::array<ap_int<9>, 11>", "do not have one value"),
        ("cfg<11, 1, 1, 1, 9>", "cfg<11, 2, 1, 1, 9>", "channels have many values"),
    ],
)
def test_rules_of_the_adapters(old: str, new: str, message: str) -> None:
    text, start = bench()
    assert old in text
    assert message in refusal(text.replace(old, new), start)


def test_an_unknown_script_of_hls4ml_is_refused(tmp_path: Path) -> None:
    script = tmp_path / BUILD_PRJ
    script.write_text('add_files x.cpp -cflags "-std=c++20"\n')
    with pytest.raises(FirebrickError, match=r"build_prj.tcl: does not contain .*hls4ml 1.3"):
        _replace(script, FLAGS[BUILD_PRJ])


def test_without_hls4ml_the_extra_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    network = small_network(bypass=False)
    chosen = plan(network, Goal(multipliers=24))
    monkeypatch.setitem(sys.modules, "hls4ml", None)
    monkeypatch.setitem(sys.modules, "firebrick.hls4ml.extension", None)
    with pytest.raises(FirebrickError, match=r"install 'firebrick\[hls4ml\]'"):
        convert(network, chosen, tmp_path)
