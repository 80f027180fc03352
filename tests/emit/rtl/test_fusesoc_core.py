# SPDX-License-Identifier: Apache-2.0
"""`firebrick.core` of a generated folder: FuseSoC and edalize take it."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from firebrick.emit.rtl.fusesoc_core import (
    CLOCK,
    CORE,
    OUT_OF_CONTEXT,
    clock_constraint,
    write_core,
)
from firebrick.emit.rtl.generate import generate
from firebrick.search.goal import Goal
from firebrick.search.planner import plan
from firebrick.verify.simulation.verilator import verilator_root
from networks import fire_network, small_network

CORE_NAME = "firebrick:kernel:small:0.1.0"
BUILD = "firebrick_kernel_small_0.1.0"
PROGRAM = Path(sys.executable).with_name("fusesoc")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    network = small_network(bypass=False)
    root = tmp_path_factory.mktemp("core") / "rtl"
    generate(network, replace(plan(network, Goal(multipliers=24)), board="kv260"), root)
    return root


def fusesoc(folder: Path, work: Path, *arguments: str) -> str:
    """Run FuseSoC with Verilator on PATH, as a user has it; what it says."""
    if not PROGRAM.is_file():
        assert "CI" not in os.environ, "fusesoc is missing"
        pytest.skip("fusesoc is missing")
    root = verilator_root()
    (work / "bin").mkdir(exist_ok=True)
    link = work / "bin" / "verilator"
    if not link.exists():
        link.symlink_to(root / "bin" / "verilator_bin")
    environment = {
        "PATH": f"{link.parent}{os.pathsep}/usr/bin{os.pathsep}/bin",
        "HOME": str(work),
        "VERILATOR_ROOT": str(root),
    }
    result = subprocess.run(
        [PROGRAM, "--cores-root", folder, *arguments],
        cwd=work,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-2000:]
    return result.stdout + result.stderr


def test_core_is_listed(folder: Path, tmp_path: Path) -> None:
    assert CORE_NAME in fusesoc(folder, tmp_path, "core", "list")


def test_edalize_makes_a_project_of_vivado(folder: Path, tmp_path: Path) -> None:
    arguments = ("run", "--setup", "--build-root", "build", "--target=synth", CORE_NAME)
    fusesoc(folder, tmp_path, *arguments)
    work = tmp_path / "build" / BUILD / "synth"
    script = (work / f"{BUILD}.tcl").read_text()
    manifest = json.loads((folder / "manifest.json").read_text())
    source = f"src/{BUILD}"
    wanted = [f"read_verilog -sv {{{source}/{x}}}" for x in manifest["sources"]]
    wanted += [f"read_mem {{{source}/{x}}}" for x in manifest["memories"]]
    wanted += [f"read_xdc {{{source}/{CLOCK}}}", f"source {{{source}/{OUT_OF_CONTEXT}}}"]
    assert [x for x in script.splitlines() if x.startswith(("read_", "source "))] == wanted
    assert "set_property part xck26-sfvc784-2LV-c [current_project]" in script
    assert "set_property top firebrick_kernel [current_fileset]" in script
    for line in wanted:
        assert (work / line.split("{")[1].rstrip("}")).is_file()


def test_verilator_has_no_warning_by_its_lint_target(folder: Path, tmp_path: Path) -> None:
    fusesoc(folder, tmp_path, "run", "--build-root", "build", "--target=lint", CORE_NAME)


def test_files_for_vivado_only_come_with_a_board(tmp_path: Path) -> None:
    manifest = {"sources": ["hw/a.sv", "firebrick_kernel.sv"], "memories": []}
    for board, there in (("pynq-z2", True), (None, False), ("unheard-of", False)):
        place = tmp_path / str(board)
        place.mkdir()
        write_core(place, "m", "firebrick_kernel", manifest, board)
        assert (place / CLOCK).is_file() == (place / OUT_OF_CONTEXT).is_file() == there
        assert ("  synth:" in (place / CORE).read_text()) == there
        assert "    files: []\n" in (place / CORE).read_text()
    assert "-period 10.000 [get_ports ap_clk]" in (tmp_path / "pynq-z2" / CLOCK).read_text()
    assert clock_constraint(300).endswith("-period 3.333 [get_ports ap_clk]\n")


def test_names_are_only_names(tmp_path: Path) -> None:
    manifest = {"sources": ["a.sv"], "memories": ["a.mem"]}
    evil = 'm"\n  evil: true\ntargets: {x: '
    write_core(tmp_path, evil, "top", manifest, None)
    text = (tmp_path / CORE).read_text()
    (name,) = (x for x in text.splitlines() if x.startswith("name: "))
    assert name == "name: firebrick:kernel:m_evil_true_targets_x:0.1.0"
    assert sum(x.startswith("targets:") for x in text.splitlines()) == 1
    assert "\n  evil" not in text


def test_a_network_without_a_kernel_is_a_core_too(tmp_path: Path) -> None:
    network = fire_network(small_network(bypass=False), 2)
    generate(network, replace(plan(network, Goal(multipliers=8)), board="kv260"), tmp_path / "rtl")
    text = (tmp_path / "rtl" / CORE).read_text()
    assert "    toplevel: firebrick_network\n" in text
    assert "[get_ports clk]" in (tmp_path / "rtl" / CLOCK).read_text()
    assert "firebrick:kernel:fire2:" in fusesoc(tmp_path / "rtl", tmp_path, "core", "list")
