# SPDX-License-Identifier: Apache-2.0
"""What functions are made of, and what has no operator in Python."""

import re
import subprocess
from pathlib import Path

import pytest

from firebrick.ops import ENGINES
from hls_compiler import INCLUDE, command, compiled, refusal
from hls_functions import instance, refused

CSIM = INCLUDE.parent / "csim"
GOOD = [refused(kind).engine for kind in ENGINES]

PARTS = r"""
#include "bench.hpp"
#include "firebrick/axis_in.hpp"
#include "firebrick/axis_out.hpp"
#include "firebrick/broadcast.hpp"
#include "firebrick/memory_in.hpp"
#include "firebrick/memory_out.hpp"

using firebrick::beat;

void expect(bool right, const char* what) {
  if (!right) bench::fail(what);
}

struct Cfg {
  static constexpr int WIDTH = 24;
  static constexpr int COPIES = 3;
  static constexpr int FRAME_BEATS = 5;
  using in_beat = beat<3, 8>;
};

template <int COLUMNS, int BITS>
void pixels() {
  beat<COLUMNS, BITS> one;
  one.data = 0;
  for (int c = 0; c < COLUMNS; ++c) {
    firebrick::set_pixel(one, c, ap_uint<BITS>(c * 37 + 11));
  }
  for (int c = 0; c < COLUMNS; ++c) {
    const int bits = (c * 37 + 11) & ((1 << BITS) - 1);
    const int value = bits >> (BITS - 1) ? bits - (1 << BITS) : bits;
    expect(int(firebrick::get_pixel(one, c)) == bits, "get_pixel");
    expect(int(firebrick::get_value<false>(one, c)) == bits, "get_value, unsigned");
    expect(int(firebrick::get_value<true>(one, c)) == value, "get_value, signed");
  }
}

void copies() {
  hls::stream<beat<3, 8>> in, out[3];
  for (int n = 0; n < 10; ++n) in.write({ap_uint<24>(n * 77777), n % 5 == 4});
  for (int frame = 0; frame < 2; ++frame) {
    firebrick::broadcast<Cfg>(in, out[0], out[1], out[2]);
    bench::expect_left(in, 5 - 5 * frame);
  }
  for (auto& copy : out) {
    for (int n = 0; n < 10; ++n) {
      const beat<3, 8> one = copy.read();
      expect(one.data == ap_uint<24>(n * 77777) && one.last == (n % 5 == 4), "broadcast");
    }
    bench::expect_left(copy, 0);
  }
}

template <bool IS_SIGNED>
struct Border {
  static constexpr int FRAME_BEATS = 4;
  static constexpr int AXIS_BITS = 16;
  static constexpr int WORD_BITS = 16;
  static constexpr bool SIGNED = IS_SIGNED;
  using in_beat = beat<1, 9>;
  using out_beat = in_beat;
};

// Beats of 9 bits leave filled up to 16 bits, and come back as they were.
template <bool SIGNED>
void borders() {
  const int values[] = {0, 255, 256, 511};
  hls::stream<beat<1, 9>> in, out;
  hls::stream<ap_axiu<16, 0, 0, 0>> axis;
  ap_uint<16> memory[4];
  for (int twice = 0; twice < 2; ++twice) {
    for (int n = 0; n < 4; ++n) in.write({ap_uint<9>(values[n]), n == 3});
  }
  firebrick::axis_out<Border<SIGNED>>(in, axis);
  firebrick::memory_out<Border<SIGNED>>(in, memory);
  for (int n = 0; n < 4; ++n) {
    ap_axiu<16, 0, 0, 0> one = axis.read();
    const int filled = SIGNED && n > 1 ? values[n] + 0xfe00 : values[n];
    expect(one.data == filled && one.last == (n == 3) && one.keep == 3, "axis_out");
    expect(memory[n] == filled, "memory_out");
    axis.write(one);
  }
  firebrick::axis_in<Border<SIGNED>>(axis, out);
  firebrick::memory_in<Border<SIGNED>>(memory, out);
  for (int n = 0; n < 8; ++n) {
    const beat<1, 9> one = out.read();
    expect(one.data == values[n % 4] && one.last == (n % 4 == 3), n < 4 ? "axis_in" : "memory_in");
  }
}

int main() {
  static_assert(firebrick::index_bits(1) == 1 && firebrick::index_bits(2) == 1, "index_bits");
  static_assert(firebrick::index_bits(64) == 6 && firebrick::index_bits(65) == 7, "index_bits");
  static_assert(firebrick::count_bits(63) == 6 && firebrick::count_bits(64) == 7, "count_bits");
  static_assert(firebrick::ceil_div(9, 3) == 3 && firebrick::ceil_div(10, 3) == 4, "ceil_div");
  pixels<1, 1>();
  pixels<7, 9>();
  pixels<113, 8>();
  pixels<400, 10>();
  copies();
  borders<false>();
  borders<true>();
  return 0;
}
"""


def test_pixels_sizes_broadcast_and_borders(build_root: Path) -> None:
    start = [*command(), f"-I{CSIM}"]  # the vendor's ap_axi_sdata.h
    binary = compiled(PARTS, "hls_parts", build_root, start)
    result = subprocess.run([str(binary)], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_functions_compile_with_the_plain_stream() -> None:
    """That of the ap_types, which knows no depth."""
    text = "".join(instance(f"{x.operator.kind}_0", x) for x in GOOD)
    assert refusal(text, command(strict=False)) == ""


PARTITION = r"^(#pragma HLS ARRAY_(?:PARTITION|RESHAPE) variable ?= ?(\w+) type ?= ?complete(.*))$"
CHECK = """
#include <type_traits>
namespace partitions {
constexpr bool fit(int size) { return size < 4096; }
template <class Array, int DIM>
constexpr int size() {
  using plain = std::remove_const_t<std::remove_reference_t<Array>>;
  return DIM > 0 ? int(std::extent<plain, (DIM > 0 ? DIM - 1 : 0)>::value)
                 : int(sizeof(plain) / sizeof(std::remove_all_extents_t<plain>));
}
}  // namespace partitions
"""


def with_checks(text: str) -> str:
    """Each array that becomes registers, or one wide word, has fewer elements than 4,096."""

    def check(match: re.Match[str]) -> str:
        dim = re.search(r"dim ?= ?(\d+)", match[3])
        size = f"partitions::size<decltype({match[2]}), {dim[1] if dim else 1}>()"
        return f'{match[1]}\nstatic_assert(::partitions::fit(::{size}), "partition of {match[2]}");'

    return re.sub(PARTITION, check, text, flags=re.MULTILINE)


def checked_include(folder: Path) -> Path:
    """Copy of the functions' headers with the checks compiled in."""
    target = folder / "firebrick"
    target.mkdir()
    for path in (INCLUDE / "firebrick").glob("*.hpp"):
        text = with_checks(path.read_text())
        if path.name == "beat.hpp":
            text = text.replace("\nnamespace firebrick {", f"{CHECK}\nnamespace firebrick {{", 1)
        (target / path.name).write_text(text)
    return folder


def test_no_partition_exceeds_what_vitis_accepts(tmp_path: Path) -> None:
    text = "".join(instance(f"{x.operator.kind}_0", x) for x in GOOD)
    include = checked_include(tmp_path)
    checks = sum(x.read_text().count('"partition of') for x in include.rglob("*.hpp"))
    pragmas = sum(
        len(re.findall(r"ARRAY_(?:PARTITION|RESHAPE)", x.read_text()))
        for x in (INCLUDE / "firebrick").glob("*.hpp")
    )
    assert checks == pragmas > 0
    assert refusal(text, command(include=include)) == ""


@pytest.mark.parametrize(
    ("shape", "dim", "fits"),
    [
        ("[4095]", "", True),
        ("[4096]", "", False),
        ("[3][5000]", " dim = 1", True),
        ("[3][5000]", " dim=2", False),
        ("[64][63]", " dim=0", True),
        ("[64][64]", " dim=0", False),
    ],
)
def test_the_check_of_partitions_counts(shape: str, dim: str, fits: bool, tmp_path: Path) -> None:
    pragma = f"#pragma HLS ARRAY_PARTITION variable = x type = complete{dim}"
    text = f"int main() {{\n  int x{shape};\n{pragma}\n  return sizeof(x) == 0;\n}}\n"
    said = refusal(
        '#include "firebrick/beat.hpp"\n' + with_checks(text),
        command(include=checked_include(tmp_path)),
    )
    assert ("partition of x" in said) is not fits
