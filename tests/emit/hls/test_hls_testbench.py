# SPDX-License-Identifier: Apache-2.0
"""The bench for the vendor's simulations passes the right network, and no other."""

import re
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from firebrick.data import data_folder
from firebrick.emit.hls.generate import generate
from firebrick.emit.hls.testbench import FRAMES, random_frames, random_values
from firebrick.hardware.tensor import TensorType
from firebrick.ir.network import Network
from firebrick.ops.image import pixel_beats
from firebrick.search.goal import Goal
from firebrick.search.planner import plan
from hls_compiler import command
from networks import fire_network, small_network


def run(folder: Path, *changed: str) -> subprocess.CompletedProcess[str]:
    """Compile as the vendor's tool does, top and bench apart, with its plain streams; run.

    Args:
        folder: generated.
        changed: sources to compile; all by default.
    """
    vendor = folder / "vendor"
    vendor.mkdir(exist_ok=True)
    (vendor / "ap_axi_sdata.h").write_bytes((folder / "csim" / "ap_axi_sdata.h").read_bytes())
    start = [x for x in command(strict=False) if not x.startswith("-I")]
    places = [f"-I{folder / x}" for x in ("include", "vendor", ".")]
    objects = {x: folder / f"{x}.o" for x in ("network", "testbench")}
    for name in changed or objects:
        compile_ = [*start, "-O0", *places, "-c", f"{folder / name}.cpp", "-o", str(objects[name])]
        result = subprocess.run(compile_, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr[-3000:]
    link = [start[0], *map(str, objects.values()), "-o", str(folder / "bench")]
    subprocess.run(link, check=True)
    return subprocess.run([folder / "bench"], capture_output=True, text=True, check=False)


def fire() -> Network:
    """Its output is a picture, several values a beat, its last beats padded."""
    return fire_network(small_network(), 2)


CASES = {
    "logits_as_stream": (small_network, None),
    "picture_in_memory": (fire, "alveo-u50"),
}
PASSED = (0, "testbench: 0 values of 2 frames differ\n")


@pytest.mark.parametrize("name", CASES)
def test_right_network_passes_and_a_wrong_one_does_not(name: str, tmp_path: Path) -> None:
    make, board = CASES[name]
    network, folder = make(), tmp_path / "hls"
    generate(network, replace(plan(network, Goal(multipliers=9)), board=board), folder)
    result = run(folder)
    assert (result.returncode, result.stdout) == PASSED

    bench = folder / "testbench.cpp"
    right = bench.read_text()
    value = re.search(r"^      *(\d+),", right, re.MULTILINE)
    assert value
    at = slice(*value.span(1))
    bench.write_text(f"{right[: at.start]}{int(value[1]) + 1}{right[at.stop :]}")
    result = run(folder, "testbench")
    assert (result.returncode, result.stdout) == (1, "testbench: 1 values of 2 frames differ\n")

    if name == "picture_in_memory":  # the smallest to compile once more
        bench.write_text(right)
        header = folder / "layers" / "fire2_expand.hpp"
        text = header.read_text()
        header.write_text(re.sub(r"SHIFT = (\d+)", lambda x: f"SHIFT = {int(x[1]) - 1}", text))
        assert text != header.read_text()
        assert run(folder).returncode == 1


BORDER = """
#include "vitis/testbench.hpp"
struct Logits {
  static constexpr int FRAME_BEATS = 4;
  static constexpr int VALUES = 2;
  static constexpr int PORT_BITS = 8;
  static constexpr int WIDTH = 3;
  static constexpr int BITS = 4;
  static constexpr bool SIGNED = true;
};
static const int expected[] = {-8, 7, 1, 0, -1, 2, 3, 0};
int check(int beats, int values, int lasts) {
  const int data[] = {0x78, 0xf1, 0x2f, 0x63, 0};
  hls::stream<ap_axiu<8, 0, 0, 0>> from;
  for (int n = 0; n < beats; ++n) {
    ap_axiu<8, 0, 0, 0> beat;
    beat.data = data[n] ^ (n == 2 ? values : 0);
    beat.last = n == 3 - lasts;
    from.write(beat);
  }
  return testbench::receive<Logits>(from, expected);
}
int main() {
  std::printf("\\n%d %d %d %d %d\\n", check(4, 0, 0), check(4, 1, 0), check(4, 0x11, 0),
              check(4, 0, 1), check(5, 0, 0));
}
"""


def test_every_value_tlast_and_leftovers_count(tmp_path: Path) -> None:
    """Right; one value, two, TLAST a beat early, a beat too many. Padding counts for nothing."""
    (tmp_path / "border.cpp").write_text(BORDER)
    csim = data_folder("hls") / "csim" / "ap_axi_sdata.h"
    (tmp_path / "ap_axi_sdata.h").write_bytes(csim.read_bytes())
    binary = tmp_path / "border"
    places = [f"-I{data_folder('hls')}", f"-I{tmp_path}"]
    build = [*command(strict=False), *places, str(tmp_path / "border.cpp"), "-o", str(binary)]
    subprocess.run(build, check=True)
    counts = subprocess.run([binary], capture_output=True, text=True, check=True).stdout
    assert counts.splitlines()[-1] == "0 1 2 2 1"  # before it, the stream warns of leftovers


def test_frames_are_those_that_the_bench_draws() -> None:
    """The congruence by hand; padding draws values as well."""
    state, expected = 1, []
    for _ in range(6):
        state = (1664525 * state + 1013904223) & 0xFFFFFFFF
        expected.append(state >> 24)
    assert random_values(6, 8).tolist() == expected
    image = TensorType(3, 5, 7)
    frames = random_frames(image, 4)
    assert frames.shape == (FRAMES, 3, 5, 7)
    drawn = random_values(FRAMES * 5 * 8 * 3, 8).reshape(-1, 12)
    beats = pixel_beats(frames, 4)
    assert np.array_equal(beats[0::2], drawn[0::2])  # whole beats
    assert np.array_equal(beats[1::2, :9], drawn[1::2, :9])  # those that end a row
