# SPDX-License-Identifier: Apache-2.0
"""Commands and what lies at their outputs: nothing of the user's is lost, wherever it lies."""

import json
import stat
from pathlib import Path

import pytest
import yaml

from command_line import ODD, Result, fill, firebrick
from networks import small_network

NOTHING = ("--targets", "", "--boards", "", "--synth", "")
"""Measured by `report`."""
TARGETS = ("rtl", "hls", "hls4ml")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    fill(tmp_path, small_network(bypass=False))
    result = firebrick(tmp_path, "plan", "q.onnx", "--multipliers", "4", "-o", "plan.json")
    assert result.returncode == 0, result.stderr
    return tmp_path


def generate(folder: Path, target: str, output: str = "out") -> Result:
    return firebrick(folder, "generate", "q.onnx", "plan.json", "-o", output, "--target", target)


def deploy(folder: Path, output: str = "out") -> Result:
    return firebrick(folder, "deploy", "q.onnx", "plan.json", "-o", output, "--sample", "a.png")


def line(result: Result) -> str:
    """The one line of a command that was refused."""
    assert result.returncode == 2, result.stderr
    assert "Traceback" not in result.stderr
    (found,) = (x for x in result.stderr.splitlines() if x.startswith("firebrick: "))
    return found


def tree(folder: Path) -> dict[str, bytes]:
    return {
        str(x.relative_to(folder)): x.read_bytes() if x.is_file() else b""
        for x in sorted(folder.rglob("*"))
    }


@pytest.mark.parametrize("marker", ["manifest.json", "bundle.json"])
def test_project_of_somebody_else_is_kept(folder: Path, marker: str) -> None:
    out = folder / "out"
    (out / ".git").mkdir(parents=True)
    (out / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (out / "main.c").write_text("int main() {}")
    for text in ("{}", json.dumps({"name": "extension", "manifest_version": 3, "files": {}}), ""):
        (out / marker).write_text(text)
        before = tree(out)
        results = [deploy(folder)] if marker == "bundle.json" else []
        results += [generate(folder, x) for x in TARGETS] if marker == "manifest.json" else []
        for result in results:
            assert "choose another folder" in line(result)
            assert tree(out) == before


@pytest.mark.parametrize("target", TARGETS)
def test_generated_folder_is_replaced_unless_it_holds_more(folder: Path, target: str) -> None:
    for _ in range(2):
        assert generate(folder, target).returncode == 0
    listed = json.loads((folder / "out" / "manifest.json").read_text())["files"]
    files = {x for x in tree(folder / "out") if (folder / "out" / x).is_file()}
    empty = {name for name, seal in listed.items() if seal == "folder"}
    assert listed.keys() - empty == files - {"manifest.json"}
    other = TARGETS[(TARGETS.index(target) + 1) % 3]
    assert "is not of firebrick, target" in line(generate(folder, other))
    (folder / "out" / "vivado").mkdir()
    (folder / "out" / "vivado" / "firebrick.bit").write_text("hours of work")
    before = tree(folder)
    assert "holds 'vivado'" in line(generate(folder, target))
    assert tree(folder) == before


def test_bundle_is_replaced_unless_it_holds_more(folder: Path) -> None:
    for _ in range(2):
        assert deploy(folder).returncode == 0
    (folder / "out" / "classify.ipynb").write_text("mine")
    before = tree(folder)
    assert "'classify.ipynb' is not as firebrick wrote it" in line(deploy(folder))
    assert tree(folder) == before


def test_devices_are_written_into(folder: Path, own_device: Path) -> None:
    (folder / "link").symlink_to(own_device)
    before = set(folder.iterdir())
    for output in (str(own_device), "link"):
        for command in (
            ("plan", "q.onnx", "--multipliers", "4", "-o", output),
            ("infer", "q.onnx", "a.png", "--dump", output),
        ):
            result = firebrick(folder, *command)
            assert result.returncode == 0, result.stderr
            assert stat.S_ISCHR(own_device.lstat().st_mode)
    assert (folder / "link").is_symlink()
    assert set(folder.iterdir()) == before


def test_folders_and_reports_are_not_written_to_devices(folder: Path, own_device: Path) -> None:
    (folder / "out").symlink_to("/proc/self/fd/1")
    before = set(folder.iterdir())
    assert "not a generated folder" in line(generate(folder, "rtl", str(own_device)))
    for output in (str(own_device), "out"):
        result = firebrick(folder, "report", "q.onnx", "-o", output, *NOTHING)
        assert "a device or a pipe" in line(result)
    assert stat.S_ISCHR(own_device.lstat().st_mode)
    assert (folder / "out").is_symlink()
    assert set(folder.iterdir()) == before


def test_every_path_works_or_is_refused_in_a_line(folder: Path) -> None:
    odd = folder / ODD
    odd.mkdir()
    for name in ("q.onnx", "plan.json", "a.png"):
        (folder / name).rename(odd / name)
    before = set(folder.iterdir())
    for target in TARGETS:
        result = generate(odd, target, f"{target}{ODD}")
        assert result.returncode == 0, result.stderr
    config = yaml.safe_load((odd / f"hls4ml{ODD}" / "hls4ml_config.yml").read_text())
    assert config["OutputDir"] == str(odd / f"hls4ml{ODD}")
    assert deploy(odd, f"bundle{ODD}").returncode == 0
    for tool in ("vivado", "vitis", "vitis_hls"):
        assert line(firebrick(odd, "synth", f"rtl{ODD}", "--tool", tool, "--board", "zcu104"))
    assert set(folder.iterdir()) == before
    assert not list(odd.rglob(".firebrick-*"))
