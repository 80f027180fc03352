# SPDX-License-Identifier: Apache-2.0
"""Generated C++ headers, read back by g++: the same integers, whatever the folding."""

import re
import subprocess
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from conv_cases import CASES, Case, conv, engine

from firebrick.emit.hls.conv import binary_scale
from firebrick.emit.hls.layer import cpp_function, layer_header, namespace
from firebrick.ops.conv.engine import ConvEngine
from firebrick.plan.pipeline import build
from firebrick.search.goal import Goal
from firebrick.search.planner import plan
from hls_compiler import command, compiled
from networks import small_network

NAMES = ("fire_expand", "zeros_stored", "narrow_numbers", "all_in_blocks", "idle_lanes")
PRINTER = """
template <class T, int N>
void show(const char* name, const T (&row)[N]) {
  std::cout << name;
  for (const T& value : row) std::cout << ' ' << +value;
  std::cout << '\\n';
}
template <class T, int L, int N>
void show(const char* name, const T (&rows)[L][N]) {
  for (const auto& row : rows) show(name, row);
}
"""


def printer(engines: dict[str, ConvEngine]) -> str:
    """A program that prints the tables and constants of all headers, and nothing it knows else."""
    lines = [layer_header(name, x, ("A test.",)) for name, x in engines.items()]
    lines += ["#include <iostream>", PRINTER, "int main() {"]
    for name, dut in engines.items():
        space = namespace(name)
        lines.append(f'  std::cout << "layer {name}\\n";')
        for table in cpp_function(dut).tables():
            if table.name != "codebook":
                lines.append(f'  show("{table.name}", {space}::{table.name});')
        lines.append(f"  for (const auto& value : {space}::codebook)")
        lines.append('    std::cout << "value " << value.range().to_int() << " "')
        lines.append("              << std::hexfloat << value.to_double() << '\\n';")
        lines += [
            f'  std::cout << "{x} " << {space}::Cfg::{x.upper()} << "\\n";'
            for x in dut.parameters()
        ]
    return "\n".join([*lines, "}", ""])


def read_back(engines: dict[str, ConvEngine], root: Path) -> dict[str, dict[str, list[list[str]]]]:
    """Rows by name of each layer, as the compiled headers have them."""
    binary = compiled(printer(engines), "hls_headers", root, command())
    output = subprocess.run([binary], capture_output=True, text=True, check=True).stdout
    result: dict[str, dict[str, list[list[str]]]] = {}
    for line in output.splitlines():
        name, *values = line.split()
        if name == "layer":
            rows = result.setdefault(values[0], {})
        else:
            rows.setdefault(name, []).append(values)
    return result


def stored_weights(dut: ConvEngine, read: dict[str, list[list[str]]]) -> np.ndarray:
    """Weights rebuilt from what was read alone; the engine only tells the order of channels."""
    number = {name: int(rows[0][0]) for name, rows in read.items() if len(rows[0]) == 1}
    table = {
        name: [[int(x) for x in row] for row in rows]
        for name, rows in read.items()
        if name != "value"
    }
    segments = -(-number["out_width"] // number["columns"])
    bank = number["ring"] * number["lane_channels"] * segments
    word_bits = max(1, (bank - 1).bit_length())
    tap_bits = max(1, (number["kernel"] - 1).bit_length())
    values = [int(raw) for raw, _ in read["value"]]
    values = [x - ((x >> (number["value_bits"] - 1)) << number["value_bits"]) for x in values]
    kernel = number["kernel"]
    weights = np.zeros((number["out_channels"], number["in_channels"], kernel, kernel), np.int64)
    for lane in range(number["lanes"]):
        channel_at = {
            place & ((1 << word_bits) - 1): dut.in_order[n]
            for n, place in enumerate(table["channels"][lane])
            if place >> word_bits
        }
        gaps = table["gaps"][lane] if number["gap_bits"] else [0] * number["weight_depth"]
        entries = iter(zip(table["codes"][lane], gaps, strict=True))
        for channel, length in zip(dut.out_order, table["lengths"][lane], strict=True):
            position = -1
            for _ in range(length + 1):
                code, gap = next(entries)
                position += gap + 1
                place = table["places"][lane][position]
                row, tap = place >> (word_bits + tap_bits), place >> word_bits & (1 << tap_bits) - 1
                if values[code]:
                    word = place & (1 << word_bits) - 1
                    weights[channel, channel_at[word], row, tap] += values[code]
    return weights


def test_round_trip(build_root: Path) -> None:
    engines = {name: engine(CASES[name]) for name in NAMES}
    read = read_back(engines, build_root)
    for name, dut in engines.items():
        op, rows = dut.operator, read[name]
        assert np.array_equal(stored_weights(dut, rows), op.weights), name
        order = list(dut.out_order)
        assert [int(x) for x in rows["biases"][0]] == op.bias[order].tolist()
        assert [int(x) for x in rows["multipliers"][0]] == op.multiplier[order].tolist()
        assert {x: int(rows[x][0][0]) for x in dut.PARAMETERS} == dut.parameters()


def test_a_binary_scale_is_the_codebooks_exact_scale(build_root: Path) -> None:
    """One power of two as every multiplier: values are what they are worth, bits what they were."""
    case = replace(CASES["squeeze"], seed=5)
    plain = engine(case)
    op = replace(plain.operator, multiplier=np.full(5, 4), shift=11)
    scaled = replace(plain, operator=op, deal=replace(plain.deal, operator=op))
    assert binary_scale(op) == -9
    rows = read_back({"scaled": scaled}, build_root)["scaled"]["value"]
    raw, real = zip(*rows, strict=True)
    count = len(op.codebook)
    assert [int(x) for x in raw[:count]] == [int(x) & 255 for x in op.codebook]
    assert [Fraction(float.fromhex(x)) for x in real[:count]] == [
        Fraction(int(x), 512) for x in op.codebook
    ]
    assert not any(int(x) for x in raw[count:])


def test_multipliers_that_differ_leave_integers() -> None:
    operator = conv(CASES["squeeze"])
    assert binary_scale(operator) is None
    assert binary_scale(replace(operator, multiplier=np.full(5, 3))) is None
    assert binary_scale(replace(operator, multiplier=np.full(5, 0))) is None


def test_comments_say_shape_scale_zeros_and_how_full() -> None:
    dut = engine(CASES["fire_expand"])
    text = layer_header("fire2", dut, ("Of a model.", "Model hash 12."), {"layer": 0.125})
    op = dut.operator
    zeros = op.weights.size - op.nonzero
    head = text[: text.index("#ifndef")]
    assert head.startswith(
        "// SPDX-License-Identifier: Apache-2.0\n// Layer fire2: conv 3x3, stride 1, "
    )
    assert "6x6x11 uint8 -> 16x6x11 uint8." in head
    assert f"Weights 16x6x3x3: 864, of which {zeros} " in head
    assert "A step of the output is 0.125." in head
    assert re.search(
        r"Entries: \d+, of which \d+ fill gaps; 2 lanes of \d+ places are .*% full", head
    )
    assert "Model hash 12." in head
    assert max(map(len, text.splitlines())) <= 100


def test_headers_of_a_network_are_the_same_every_time() -> None:
    texts = []
    for _ in range(2):
        network = small_network()
        pipeline = build(network, plan(network, Goal(multipliers=24)))
        texts.append(
            [
                layer_header(x.name, x.engine, ())
                for x in pipeline.instances
                if cpp_function(x.engine).HEADER
            ]
        )
    assert texts[0] == texts[1]


@pytest.mark.parametrize("name", ["gaps", "codes", "lengths", "places", "biases"])
def test_every_table_reaches_the_text(name: str) -> None:
    """Another number in a table is another header."""
    case: Case = CASES["fire_expand"]
    text = layer_header("x", engine(case), ())
    other = layer_header("x", engine(replace(case, seed=9)), ())
    cut = re.compile(rf"{name}\[.*?}};", re.DOTALL)
    assert cut.search(text).group() != cut.search(other).group()  # type: ignore[union-attr]
