# SPDX-License-Identifier: Apache-2.0
"""Printing structural SystemVerilog."""

import pytest

from firebrick.emit.rtl.systemverilog import Module, ModuleInstance, Signal, literal


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (-3, "-3"),
        (2**31 - 1, "2147483647"),
        (2**31, "32'h80000000"),
        (5 << 60, "63'h5000000000000000"),
        ("fire2_squeeze", '"fire2_squeeze"'),
    ],
)
def test_literals(value: int | str, text: str) -> None:
    assert literal(value) == text


@pytest.mark.parametrize("text", ['a"b', "a\\b", "a\nb"])
def test_text_that_could_end_the_literal_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="plain"):
        literal(text)


def test_module_prints_ports_wires_instances_in_order() -> None:
    module = Module(
        name="top",
        comment=("first line", ""),
        ports=(Signal("clk", 1, "input"), Signal("y", 8, "output")),
        wires=(Signal("x", 3),),
        instances=(
            ModuleInstance("part", "one", {"WIDTH": 8, "PREFIX": "p"}, {"clk": "clk", "y": "y"}),
            ModuleInstance("bare", "two", {}, {"clk": "clk"}),
        ),
    )
    assert module.text() == (
        "// first line\n"
        "//\n"
        "module top (\n"
        "  input logic clk,\n"
        "  output logic [7:0] y\n"
        ");\n"
        "\n"
        "  logic [2:0] x;\n"
        "\n"
        "  part #(\n"
        "    .WIDTH(8),\n"
        '    .PREFIX("p")\n'
        "  ) u_one (\n"
        "    .clk(clk),\n"
        "    .y(y)\n"
        "  );\n"
        "\n"
        "  bare u_two (\n"
        "    .clk(clk)\n"
        "  );\n"
        "\n"
        "endmodule\n"
    )
