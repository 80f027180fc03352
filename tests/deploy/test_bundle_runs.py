# SPDX-License-Identifier: Apache-2.0
"""A bundle at work, with a FAKE and in simulated hardware: run script, notebook, page."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

from deployed import Made, best_classes, best_of, fake_open, make
from firebrick import images
from firebrick.campaign.designs import DESIGNS, network_of, plan_of
from firebrick.deploy import run
from firebrick.deploy.bundle import BundleContents, write_bundle
from firebrick.ir.network import Network
from firebrick.quantize.integer_onnx import export
from firebrick.runtime import Accelerator, sim
from firebrick.web.app import make_app
from firebrick.web.bundles import open_classifier
from headless import browser, served, visit


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make(tmp_path_factory.mktemp("runs"))


@pytest.fixture
def asked(made: Made, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Devices that were opened; each is a FAKE that answers as the reference does."""
    devices: list[str] = []
    monkeypatch.setattr(Accelerator, "open", fake_open(made.network, devices))
    monkeypatch.setattr(run, "BUNDLE", made.bundle)
    return devices


def script(*arguments: str | Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """The run script, in this process."""
    monkeypatch.setattr(sys, "argv", ["run.py", *map(str, arguments)])
    return run.main()


def cells(bundle: Path) -> list[str]:
    """Programs of the notebook."""
    document = json.loads((bundle / "classify.ipynb").read_text())
    return ["".join(x["source"]) for x in document["cells"] if x["cell_type"] == "code"]


# --- by a fake ------------------------------------------------------------------------------------


def test_script_classifies_the_sample_and_others(
    made: Made,
    asked: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for arguments, source in (((), "chelsea"), ((images.resolve("coffee"),), "coffee")):
        assert script(*arguments, monkeypatch=monkeypatch) == 0
        out, err = capsys.readouterr()
        lines = out.splitlines()
        assert [re.sub(r"^ *\d+\.\d%  ", "", x) for x in lines[:5]] == best_of(made.network, source)
        assert re.fullmatch(r"[\d.]+ ms for this photograph, as the host saw it", lines[5])
        assert lines[6] == "1,000 cycles for it in the accelerator"
        assert lines[7] == "301 cycles between photographs back to back"
        assert lines[8] == "332,225.9 photographs per second at 100 MHz, a clock that is ASSUMED"
        assert "simulating the hardware" in err
    assert asked == ["sim", "sim"]


def test_script_prints_json_and_takes_a_device(
    asked: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert script("--json", "--device", "pynq", monkeypatch=monkeypatch) == 0
    fields = json.loads(capsys.readouterr().out)
    assert len(fields["top5"]) == 5
    assert (fields["latency_cycles"], fields["frame_cycles"]) == (1000, 301)
    assert asked == ["pynq"]


def test_script_refuses_in_one_line(
    made: Made,
    asked: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, words in (("README.txt", "is not a photograph"), ("none.png", "cannot be read")):
        assert script(made.bundle / name, monkeypatch=monkeypatch) == 2
        out, err = capsys.readouterr()
        assert out == ""
        line = err.splitlines()[-1]
        assert line.startswith(f"run.py: {made.bundle / name}: ")
        assert words in line


def test_notebook_runs(
    made: Made,
    asked: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(made.bundle)
    scope: dict[str, Any] = {}
    for program in cells(made.bundle):
        exec(compile(program, "cell", "exec"), scope)  # noqa: S102
    out = capsys.readouterr().out
    for name in best_of(made.network, "chelsea"):
        assert name in out
    assert scope["logits"].shape == (2, 7)
    assert np.array_equal(scope["logits"][0], scope["result"].logits)
    assert asked == ["sim", "sim"]


# --- refusals of the real driver ------------------------------------------------------------------


def launch(bundle: Path, *arguments: str, whole: bool = True) -> subprocess.CompletedProcess[str]:
    """The run script in a process of its own; not `whole`: only NumPy and Pillow are installed."""
    packages = Path(np.__file__).parents[1]
    command = [sys.executable, *([] if whole else ["-S"]), str(bundle / "run.py"), *arguments]
    environment = dict(os.environ) if whole else {"PYTHONPATH": str(packages)}
    return subprocess.run(
        command,
        cwd=bundle.parents[1],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def test_wheel_alone_says_what_simulation_needs(made: Made) -> None:
    result = launch(made.bundle, "--device", "sim", whole=False)
    assert (result.returncode, result.stdout) == (2, "")
    assert "needs all of Firebrick" in result.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    "name", ["rtl/firebrick_kernel.sv", "model/quant.onnx", "labels.txt", "run.py", "sample.png"]
)
def test_damaged_bundle_is_refused(made: Made, tmp_path: Path, name: str) -> None:
    bundle = tmp_path / "a" / "bundle"
    shutil.copytree(made.bundle, bundle)
    with (bundle / name).open("ab") as file:
        file.write(b"\n")
    result = launch(bundle)
    assert (result.returncode, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert f"{bundle / name}: SHA-256" in line


# --- nothing that lies in the folder is imported --------------------------------------------------

PLANTED = ["numpy.py", "argparse.py", "re/__init__.py", "PIL.py", "firebrick.py", "wheel/a.whl"]
"""Modules that script, driver or decoder would import, and a wheel that comes before the other."""


def plant(bundle: Path, name: str) -> Path:
    """Put a program there that leaves a trace when it runs; returns where."""
    trace = bundle.parent / "trace"
    program = f"open({str(trace)!r}, 'w').close()\n"
    path = bundle / name
    path.parent.mkdir(exist_ok=True)
    if path.suffix == ".whl":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("firebrick/__init__.py", program)
    else:
        path.write_text(program)
    return trace


@pytest.fixture
def copy(made: Made, tmp_path: Path) -> Path:
    """A copy of the bundle."""
    return shutil.copytree(made.bundle, tmp_path / "a" / "bundle")


@pytest.mark.parametrize("name", PLANTED)
@pytest.mark.parametrize("whole", [True, False], ids=["installed", "wheel"])
def test_script_runs_nothing_that_lies_beside_it(copy: Path, name: str, whole: bool) -> None:
    trace = plant(copy, name)
    result = launch(copy, whole=whole)
    assert not trace.exists()
    assert (result.returncode, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    top = name.removesuffix("/__init__.py")
    assert line == f"run.py: {copy / top}: is not one of the bundle's files: take it out"


@pytest.mark.parametrize("option", [[], ["-P"]], ids=["bare", "safe"])
def test_script_runs_nothing_of_the_current_folder(copy: Path, option: list[str]) -> None:
    """A trailing colon in PYTHONPATH, as XRT's setup.sh leaves one, means the current folder."""
    trace = plant(copy, "argparse.py")
    result = subprocess.run(
        [sys.executable, *option, "run.py"],
        cwd=copy,
        env=os.environ | {"PYTHONPATH": "/opt/xilinx/xrt/python:"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert not trace.exists()
    assert (result.returncode, result.stdout) == (2, "")
    assert "argparse.py: is not one of the bundle's files" in result.stderr


def test_notebook_runs_nothing_that_lies_beside_it(copy: Path) -> None:
    """Jupyter, too, puts the current folder first."""
    trace = plant(copy, "runpy.py")
    plant(copy, "argparse.py")
    program = "import os, sys\nsys.path.insert(0, '')\n" + cells(copy)[0]
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=copy, capture_output=True, text=True, check=False
    )
    assert not trace.exists()
    assert "argparse.py: is not one of the bundle's files" in result.stderr.splitlines()[-1]


def test_photographs_beside_the_script_are_no_matter(copy: Path) -> None:
    shutil.copyfile(copy / "sample.png", copy / "mine.png")
    result = launch(copy, "--device", "pynq", str(copy / "mine.png"))
    assert "firebrick.bit" in result.stderr.splitlines()[-1]  # this far: all files were compared


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda x: x["wheel"].write_bytes(b"PK"), "has not the SHA-256 that bundle.json lists"),
        (lambda x: x["wheel"].unlink(), "cannot be read: No such file"),
        (lambda x: x["document"].unlink(), "bundle.json: cannot be read: No such file"),
        (lambda x: x["document"].write_text("[]"), "bundle.json: does not list one wheel"),
        (lambda x: x["document"].write_text('{"files": {}}'), "does not list one wheel"),
        (lambda x: x["document"].write_text('{"files": [1]}'), "does not list one wheel"),
        (lambda x: x["document"].write_text("["), "bundle.json: does not list one wheel"),
    ],
)
def test_the_driver_comes_out_of_the_listed_wheel(copy: Path, change: Any, words: str) -> None:
    (wheel,) = (copy / "wheel").iterdir()
    change({"wheel": wheel, "document": copy / "bundle.json"})
    result = launch(copy, whole=False)
    assert (result.returncode, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"run.py: {copy}/")
    assert words in line


@pytest.mark.parametrize(("device", "words"), [("pynq", "firebrick.bit"), ("xrt", "xclbin")])
def test_bundle_without_hardware_is_for_simulation(made: Made, device: str, words: str) -> None:
    result = launch(made.bundle, "--device", device)
    assert (result.returncode, result.stdout) == (2, "")
    assert words in result.stderr.splitlines()[-1]


# --- in simulated hardware ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Network, Path]:
    """A network so small that it compiles soon, with weights to be loaded; its bundle."""
    folder = tmp_path_factory.mktemp("loaded")
    (design,) = (x for x in DESIGNS if x.name == "wide")
    network = network_of(design)
    export.write(network, folder / "q.onnx")
    contents = BundleContents(folder / "q.onnx", network, plan_of(design, network))
    write_bundle(contents, folder / "bundle")
    return network, folder / "bundle"


def test_page_with_weights_to_be_loaded_in_simulated_hardware(
    loaded: tuple[Network, Path], build_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Compiled without optimization, as the driver's tests do with the same network."""
    compiled = partial(sim.build, optimize="-O0", build_root=build_root)
    monkeypatch.setattr(sim, "build", compiled)
    network, bundle = loaded
    assert (bundle / "weights.bin").stat().st_size > 0
    best = [f"class {x}" for x in best_classes(network, images.resolve("coffee"))]
    with open_classifier(bundle) as opened:
        app = make_app(opened.classifier, frozenset(), device=opened.device, sample=opened.sample)
        with served(app) as address, browser() as context, visit(context, address) as visited:
            page = visited.page
            page.locator("#file").set_input_files(images.resolve("coffee"))
            expect(page.locator("#classes li")).to_have_count(5)
            assert page.locator("#classes .name").all_text_contents() == best
            assert "no clock is assumed" in (page.locator("#time").text_content() or "")
            assert (visited.complaints, visited.elsewhere) == ([], [])
    predicted = json.loads((bundle / "bundle.json").read_text())["cycles_per_frame"]
    assert close(opened.classifier.frame_cycles, predicted)


def close(cycles: int, predicted: int) -> bool:
    """The shell adds no bubble."""
    return abs(cycles - predicted) <= 0.01 * predicted


@pytest.mark.slow
@pytest.mark.parametrize("source", ["chelsea", "rocket"])
def test_script_in_simulated_hardware(made: Made, source: str) -> None:
    path = [] if source == "chelsea" else [str(images.resolve(source))]
    result = launch(made.bundle, "--json", *path)
    assert result.returncode == 0, result.stderr
    fields = json.loads(result.stdout)
    assert [x["name"] for x in fields["top5"]] == best_of(made.network, source)
    assert close(fields["frame_cycles"], fields["predicted_frame_cycles"])
    assert fields["latency_cycles"] > fields["frame_cycles"]


@pytest.mark.slow
def test_notebook_in_simulated_hardware(made: Made) -> None:
    program = "\n".join(cells(made.bundle)).replace("DEVICE = None", 'DEVICE = "sim"')
    result = subprocess.run(
        [sys.executable, "-c", program],
        cwd=made.bundle,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert result.returncode == 0, result.stderr
    for name in best_of(made.network, "chelsea"):
        assert name in result.stdout


@contextmanager
def serving(bundle: Path) -> Iterator[str]:
    """`firebrick serve`; gives its address."""
    command = [str(Path(sys.executable).with_name("firebrick")), "serve", str(bundle)]
    process = subprocess.Popen(
        [*command, "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        lines = [process.stdout.readline() for _ in range(2)]
        found = re.search(r"small: (http://127\.0\.0\.1:\d+)/ \(Ctrl-C ends it\)", lines[1])
        assert found, (
            lines,
            process.poll() is not None and process.stderr and process.stderr.read(),
        )
        yield found[1]
    finally:
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (0, "")


@pytest.mark.slow
def test_page_in_simulated_hardware(made: Made, tmp_path: Path) -> None:
    coffee = images.resolve("coffee")
    with serving(made.bundle) as address, browser() as context, visit(context, address) as visited:
        page = visited.page
        expect(page.locator("#model")).to_contain_text("small on simulated hardware")
        page.locator("#file").set_input_files(coffee)
        expect(page.locator("#classes li")).to_have_count(5, timeout=60_000)
        names = page.locator("#classes .name").all_text_contents()
        assert names == best_of(made.network, coffee)
        page.locator("#sample").click()
        best = best_of(made.network, "chelsea")
        expect(page.locator("#status")).to_contain_text(f"{best[0]}, ", timeout=60_000)
        expect(page.locator("#classes .name").first).to_have_text(best[0])
        rows = page.locator("#activity tbody tr").count()
        assert rows == len(json.loads((made.bundle / "bundle.json").read_text())["engines"])
        assert "assumed" in (page.locator("#time").text_content() or "")
        page.screenshot(path=tmp_path / "page.png", full_page=True)
        assert (visited.complaints, visited.elsewhere) == ([], [])
