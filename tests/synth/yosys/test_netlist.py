# SPDX-License-Identifier: Apache-2.0
"""Equal modules become one; modules that differ in a constant do not."""

from firebrick.synth.yosys.netlist import base_name, merge_equal

LEAF = """module \\leaf$top.{path}
  attribute \\src "file.sv:{line}"
  wire width 2 $auto${number}
  connect $auto${number} 2'{constant}
end
"""
UNIT = """module \\unit$top.{path}
  cell \\leaf$top.{path} \\u_leaf
  end
  connect \\number {lane}
end
"""
TOP = """module \\top
  cell \\unit$top.a \\u_a
  end
  cell \\unit$top.b \\u_b
  end
  cell \\other$top.c \\u_c
  end
end
"""
OTHER = """module \\other$top.c
  connect \\x \\y
end
"""


def netlist(constants: tuple[str, str], lanes: tuple[int, int]) -> str:
    """Two units with a leaf each."""
    leaves = [
        LEAF.format(path=path, line=n, number=100 + n, constant=constant)
        for n, (path, constant) in enumerate(zip("ab", constants, strict=True))
    ]
    units = [UNIT.format(path=path, lane=lane) for path, lane in zip("ab", lanes, strict=True)]
    return "".join(leaves + units) + OTHER + TOP


def test_equal_modules_are_merged_and_kept() -> None:
    merged = merge_equal(netlist(("01", "01"), (5, 5)), "top")
    assert list(merged.modules) == ["\\leaf#0", "\\unit#0", "\\other#0", "\\top"]
    assert merged.kept == {"\\unit#0"}
    assert merged.modules["\\top"].count("cell \\unit#0 ") == 2


def test_what_different_units_share_is_kept() -> None:
    merged = merge_equal(netlist(("01", "01"), (0, 1)), "top")
    assert set(merged.modules) == {"\\leaf#0", "\\unit#0", "\\unit#1", "\\other#0", "\\top"}
    assert merged.kept == {"\\leaf#0", "\\unit#0", "\\unit#1"}


def test_children_that_differ_make_their_parents_differ() -> None:
    merged = merge_equal(netlist(("01", "10"), (5, 5)), "top")
    assert merged.modules.keys() >= {"\\leaf#0", "\\leaf#1", "\\unit#0", "\\unit#1"}
    assert merged.kept == {"\\unit#0", "\\unit#1"}


def test_kept_modules_are_marked() -> None:
    text = merge_equal(netlist(("01", "01"), (5, 5)), "top").text()
    assert "attribute \\keep_hierarchy 1\nmodule \\unit#0\n" in text
    assert text.count("keep_hierarchy") == 1


def test_base_name() -> None:
    assert base_name("\\conv_lane$conv.gen_lane[0].u_lane") == "conv_lane"
    assert base_name("conv_lane#3") == "conv_lane"
