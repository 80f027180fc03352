# SPDX-License-Identifier: Apache-2.0
"""Tools that quote no path run in any folder all the same, or that is refused in one line."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from command_line import ODD
from firebrick.data import data_folder
from firebrick.errors import FirebrickError
from firebrick.hardware.resources import Family
from firebrick.synth.yosys.module import synthesize_module
from firebrick.synth.yosys.scratch import yosys_scratch
from firebrick.verify.simulation.verilator import build

MAKEFILE = Path(__file__).parents[1] / "Makefile"


def test_simulators_are_compiled_in_every_folder(tmp_path: Path, build_root: Path) -> None:
    source = data_folder("hw") / "stream" / "skid.sv"
    build([source], "skid", build_root)
    odd = tmp_path / ODD
    odd.mkdir()
    for runtime in build_root.glob("runtime-*"):  # which takes longest
        shutil.copytree(runtime, odd / runtime.name)
    (odd / "skid.sv").write_text(source.read_text())
    assert build([odd / "skid.sv"], "skid", odd).is_file()
    assert not list(odd.glob(".firebrick-*"))


def test_yosys_counts_in_odd_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = tmp_path / "t m$p #ü\\"
    odd.mkdir()
    (odd / "skid.sv").write_text((data_folder("hw") / "stream" / "skid.sv").read_text())
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(odd))
    found = synthesize_module("skid", {}, {}, [odd / "skid.sv"], Family.XCUP)
    assert found.resources.ff > 0
    assert [x.name for x in odd.iterdir()] == ["skid.sv"]


@pytest.mark.parametrize("character", "'\";\n")
def test_yosys_is_not_run_where_it_reads_paths_wrongly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, character: str
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / f"a{character}b"))
    with pytest.raises(FirebrickError, match=r"^TMPDIR=.*use another folder"), yosys_scratch():
        pass


@pytest.mark.parametrize("character", '$`"\\')
def test_make_refuses_folders_that_its_scripts_cannot_have(tmp_path: Path, character: str) -> None:
    folder = tmp_path / f"a{character}b"
    folder.mkdir()
    shutil.copyfile(MAKEFILE, folder / "Makefile")
    result = make(folder, "setup")
    assert result.returncode == 2
    assert f"has a {character}, which scripts of .venv do not take" in result.stderr
    assert [x.name for x in folder.iterdir()] == ["Makefile"]


def test_make_goes_on_in_a_folder_with_blanks_and_refuses_a_model_there(tmp_path: Path) -> None:
    folder = tmp_path / "a b ü"
    folder.mkdir()
    shutil.copyfile(MAKEFILE, folder / "Makefile")
    assert make(folder, "help").returncode == 0
    result = make(folder, "synth", "MODEL=my model.onnx")
    assert "MODEL=my model.onnx: has a blank" in result.stderr


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    # What pytest's own `make` has put there would be taken for ours.
    plain = {k: x for k, x in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
    command = ["make", "-f", "Makefile", *arguments]
    return subprocess.run(
        command, cwd=folder, env=plain, capture_output=True, text=True, check=False
    )
