# SPDX-License-Identifier: Apache-2.0
"""Multiplying and summing for all values and pixels, and what synthesis makes of it."""

import importlib
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from firebrick.errors import CheckFailed, FirebrickError
from firebrick.verify.simulation.cocotb_run import run
from firebrick.verify.simulation.sources import closure
from firebrick.verify.simulation.verilator import LONG, build

ROOT = Path(__file__).resolve().parents[2]
BENCH = ROOT / "sim" / "benches" / "multiply_bench.sv"
MULTIPLY, ACCUMULATE = (ROOT / "hw" / "ops" / f"conv_{x}.sv" for x in ("multiply", "accumulate"))


@dataclass(frozen=True)
class Case:
    """Parameters of the bench."""

    bits: int = 8
    signed: int = 0
    value_bits: int = 8
    dual: int = 0
    fabric: int = 0
    columns: int = 64

    def parameters(self) -> dict[str, int]:
        names = ("bits", "signed", "value_bits", "dual", "fabric", "columns")
        return {name.upper(): getattr(self, name) for name in names}


CASES = {
    "single_signed": Case(signed=1),
    "dual_and_fabric": Case(dual=1, fabric=32),
    "fabric_signed": Case(signed=1, fabric=32, bits=7, value_bits=6, columns=32),
    "dual_narrow_odd": Case(bits=5, value_bits=3, dual=1, fabric=3, columns=8),
    "fabric_smallest": Case(bits=1, value_bits=2, fabric=2, columns=2),
}


def simulate(case: Case, folder: Path, build_root: Path, instead: Path | None = None) -> None:
    files = [BENCH, *closure([BENCH.read_text()])]
    sources = [instead if instead and path.name == instead.name else path for path in files]
    binary = build(
        sources, "multiply_bench", build_root, parameters=case.parameters(), optimize=LONG
    )
    folder.mkdir(exist_ok=True)
    pairs = 1 << 2 * case.bits + case.value_bits
    (folder / "sums.json").write_text(json.dumps(2 * pairs))
    run(binary, folder, "multiply_bench", python_path=[BENCH.parent])


@pytest.mark.parametrize("name", CASES)
def test_all_values_and_pixels(name: str, tmp_path: Path, build_root: Path) -> None:
    simulate(CASES[name], tmp_path, build_root)


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        (MULTIPLY, "VALUE_BITS'(0), low", "1'b1, (VALUE_BITS-1)'(0), low"),
        (ACCUMULATE, "rose[p] | fell[p]", "rose[p]"),
        (ACCUMULATE, "(first_q || !top_q[p])", "!top_q[p]"),
        (ACCUMULATE, "negative_q && top[p] &&", "top[p] &&"),
    ],
    ids=["bit_between_the_pixels", "wraps_up_missed", "first_borrow_missed", "sign_ignored"],
)
def test_bench_finds_a_wrong_multiplier(
    name: Path, before: str, after: str, tmp_path: Path, build_root: Path
) -> None:
    text = name.read_text()
    wrong = tmp_path / name.name
    wrong.write_text(text.replace(before, after, 1))
    assert wrong.read_text() != text
    with pytest.raises(CheckFailed, match="a sum differs"):
        simulate(Case(dual=1, columns=2), tmp_path / "run", build_root, wrong)


@pytest.mark.parametrize(
    ("case", "message"),
    [
        (Case(dual=1, signed=1), "DUAL=1 wants unsigned pixels"),
        (Case(dual=1, bits=9), "DUAL=1 with pixels of 9 and values of 8 bits: products exceed 16"),
        (
            Case(dual=1, bits=9, value_bits=7),
            "DUAL=1 with pixels of 9 and values of 7 bits: .* exceed 24",
        ),
        (Case(fabric=65), "FABRIC=65 exceeds COLUMNS=64"),
    ],
)
def test_refused(case: Case, message: str, build_root: Path) -> None:
    with pytest.raises(FirebrickError, match=message):
        simulate(case, Path(), build_root)


def cells(folder: Path, family: str, stage: str = "", **parameters: int) -> dict[str, int]:
    """Cells by type that Yosys maps `conv_multiply` to, up to the given stage."""
    if not os.environ.get("CI"):
        pytest.importorskip("pyosys", reason="Yosys is missing: install the package 'pyosys'")
    yosys = importlib.import_module("pyosys.libyosys")
    files = " ".join(map(str, [MULTIPLY, *closure([MULTIPLY.read_text()])]))
    values = " ".join(f"-G {name}={value}" for name, value in parameters.items())
    log = folder / "yosys.log"
    design = yosys.Design()
    for command in (
        f"read_slang --ignore-assertions --top conv_multiply {values} {files}",
        f"synth_xilinx -family {family} -flatten -noiopad {stage}",
        "stat",
    ):
        yosys.run_pass(f"tee -q -o {log} {command}", design)
    return {name: int(n) for n, name in re.findall(r"^ +(\d+) +(\$?\w+)$", log.read_text(), re.M)}


@pytest.mark.parametrize(("family", "dsp"), [("xc7", "DSP48E1"), ("xcup", "DSP48E2")])
def test_dsp_slices(family: str, dsp: str, tmp_path: Path) -> None:
    expected = {(1, 1, 0): 1, (2, 1, 0): 1, (3, 1, 0): 2, (3, 1, 1): 1, (3, 0, 0): 3, (2, 1, 2): 0}
    found = {}
    for columns, dual, fabric in expected:
        # All multiplications are mapped before the stage "coarse".
        mapped = cells(tmp_path, family, "-run :coarse", COLUMNS=columns, DUAL=dual, FABRIC=fabric)
        assert "$mul" not in mapped
        found[columns, dual, fabric] = mapped.get(dsp, 0)
    assert found == expected


def test_fabric_column_costs_a_lut_a_bit_and_digit(tmp_path: Path) -> None:
    def luts(columns: int) -> int:
        found = cells(tmp_path, "xc7", COLUMNS=columns, FABRIC=columns)
        return sum(n for name, n in found.items() if re.fullmatch(r"LUT\d", name))

    assert luts(2) - luts(1) <= 40  # 4 digits of 10 bits
