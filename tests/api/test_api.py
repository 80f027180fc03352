# SPDX-License-Identifier: Apache-2.0
"""The package's own functions: what a program gets is what the command of that name gives."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import firebrick as fb
import graph_builders as build
from command_line import fields, firebrick
from firebrick.errors import CheckFailed
from firebrick.frontend import onnx_writer
from firebrick.ir.graph import GlobalAveragePoolNode, Graph

STUB = Path(fb.__file__).with_suffix(".pyi")
ENGINES = ("onnxruntime", "numpy")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A float model f.onnx, imported as m.onnx, quantized as q.onnx, by the command line."""
    folder = tmp_path_factory.mktemp("api")
    layers = build.conv("conv1", "image", (6, 3, 3)), build.conv("conv2", "conv1", (4, 6, 1))
    onnx_writer.write(build.graph(*layers), folder / "f.onnx")
    fields(folder, "import", "f.onnx", "-o", "m.onnx", "--mean", "9", "8", "7")
    fields(folder, "quantize", "m.onnx", "-o", "q.onnx", "--weight-bits", "5")
    fields(folder, "plan", "q.onnx", "--multipliers", "9", "-o", "plan.json")
    return folder


def files(folder: Path) -> dict[str, bytes]:
    return {
        x.relative_to(folder).as_posix(): x.read_bytes() for x in folder.rglob("*") if x.is_file()
    }


def test_importing_the_package_costs_nothing_and_shows_its_names() -> None:
    code = (
        "import sys, firebrick\n"
        "print([x for x in sys.modules if x.startswith(('firebrick', 'numpy'))], dir(firebrick))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.startswith("['firebrick'] ")
    for name in ("load", "import_model", "quantize", "plan", "generate", "verify", "evaluate"):
        assert f"'{name}'" in shown.stdout


def test_names_are_found_whatever_was_imported_before() -> None:
    code = (
        "import firebrick.quantize.options, firebrick.plan.plan, firebrick.verify.engine\n"
        "import firebrick as fb\n"
        "from firebrick import quantize\n"
        "assert callable(fb.quantize) and callable(fb.plan) and callable(fb.verify)\n"
        "assert quantize is fb.quantize\n"
        "from firebrick.plan.plan import Plan\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_type_checkers_are_told_the_same_names_from_the_same_places() -> None:
    lines = [x.split() for x in STUB.read_text().splitlines() if x.startswith("from ")]
    told = {words[3]: words[1] for words in lines}
    assert told == {name: f"firebrick.{place}" for name, place in fb._PLACES.items()}
    assert all(getattr(fb, name).__name__ == name for name in told)
    with pytest.raises(AttributeError, match="nothing_such"):
        fb.nothing_such  # noqa: B018 an attribute that is not there


def test_models_are_what_the_commands_write(folder: Path, tmp_path: Path) -> None:
    fb.import_model(folder / "f.onnx", mean=(9, 8, 7)).save(tmp_path / "m.onnx")
    assert (tmp_path / "m.onnx").read_bytes() == (folder / "m.onnx").read_bytes()
    model = fb.load(tmp_path / "m.onnx")
    assert isinstance(model, fb.FloatModel)
    assert model.preprocessing.mean == (9, 8, 7)
    tasks = set()
    quantized = fb.quantize(model, weight_bits=5, progress=lambda task, _: tasks.add(task))
    quantized.save(tmp_path / "q.onnx")
    assert (tmp_path / "q.onnx").read_bytes() == (folder / "q.onnx").read_bytes()
    assert tasks >= {"quantizing", "measuring"}


def test_a_quantized_file_gives_back_the_model_and_what_was_measured(folder: Path) -> None:
    model = fb.load(folder / "q.onnx")
    assert isinstance(model, fb.QuantizedModel)
    told = fields(folder, "quantize", "m.onnx", "-o", "again.onnx", "--weight-bits", "5")
    assert model.sqnr_db == told["sqnr_db"]
    assert fb.QuantizedModel(model.network).sqnr_db is None


def test_plans_and_folders_are_what_the_commands_write(folder: Path, tmp_path: Path) -> None:
    plan = fb.plan(folder / "q.onnx", multipliers=9)
    plan.save(tmp_path / "plan.json")
    assert (tmp_path / "plan.json").read_bytes() == (folder / "plan.json").read_bytes()
    for target in ("rtl", "hls"):
        fields(folder, "generate", "q.onnx", "plan.json", "-o", target, "--target", target)
        fb.generate(fb.load(folder / "q.onnx"), plan, tmp_path / target, target=target)
        assert files(tmp_path / target) == files(folder / target)
    fb.generate(folder / "q.onnx", folder / "plan.json", tmp_path / "rtl")
    assert files(tmp_path / "rtl") == files(folder / "rtl")


def test_verification_counts_what_the_command_counts(folder: Path) -> None:
    network = fb.load(folder / "q.onnx").network
    found = fb.verify(folder / "q.onnx", ["chelsea", "coffee"], engines=ENGINES)
    options = ("--engines", ",".join(ENGINES))
    told = fields(folder, "verify", "q.onnx", "chelsea", "coffee", *options)
    assert found.differing == {"onnxruntime": 0, "numpy": 0}
    assert list(found.images) == told["images"]
    assert json.loads(json.dumps(found.classes)) == [x["top5"] for x in told["results"]]
    for name in ENGINES:
        by_layer = {x.layer: x.differing for x in found.differences[name]}
        assert by_layer == told["engines"][name]["by_layer"]
        assert found.runs[name].tensors[network.output].shape == (2, 4, 1, 1)


def test_a_notebook_shows_what_things_are_without_their_weights(folder: Path) -> None:
    model, network = fb.load(folder / "m.onnx"), fb.load(folder / "q.onnx")
    plan = fb.plan(network, multipliers=9)
    found = fb.verify(network, ["chelsea"], engines=["numpy"])
    assert repr(model) == "FloatModel('test', 3x11x11, 3 nodes)"
    assert repr(network).startswith("QuantizedModel('test', 3x11x11, 3 layers, ")
    assert repr(plan) == f"Plan('test', {plan.multipliers} multipliers, " + (
        f"{plan.cycles_per_frame:,} cycles a frame)"
    )
    assert repr(found) == "Verification(1 images, differing: {'numpy': 0})"


def test_one_image_and_one_engine_need_no_list(folder: Path) -> None:
    found = fb.verify(folder / "q.onnx", "chelsea", engines="onnxruntime")
    assert (found.images, found.differing) == (["chelsea"], {"onnxruntime": 0})


def test_whole_numbers_of_numpy_are_saved_as_numbers(folder: Path, tmp_path: Path) -> None:
    fb.quantize(folder / "m.onnx", weight_bits=np.int64(5)).save(tmp_path / "q.onnx")
    assert (tmp_path / "q.onnx").read_bytes() == (folder / "q.onnx").read_bytes()


def test_all_public_names_can_be_imported_at_once() -> None:
    code = (
        "from firebrick import *\nassert callable(plan)\nassert CheckFailed.__bases__[0].__name__"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert {"sys", "import_module", "ModuleType"}.isdisjoint(dir(fb))


def test_boards_are_names_files_or_boards(folder: Path) -> None:
    plan = fb.plan(folder / "q.onnx", board="pynq-z2", max_cycles=20_000)
    assert (plan.board, plan.cycles_per_frame <= 20_000) == ("pynq-z2", True)
    with pytest.raises(CheckFailed, match="max_cycles=10"):
        fb.plan(folder / "q.onnx", multipliers=1, max_cycles=10)


@pytest.mark.parametrize(
    ("call", "rule"),
    [
        (lambda x: fb.load(x / "none.onnx"), "none.onnx: cannot be read"),
        (lambda x: fb.import_model(x / "f.pt"), r"f\.pt: .* \*\.net or \*\.onnx"),
        (lambda x: fb.quantize(x / "q.onnx"), "q.onnx: .*quantized already"),
        (lambda x: fb.quantize(x / "m.onnx", scheme="best"), "scheme=best is none of"),
        (lambda x: fb.plan(x / "q.onnx"), "plan: give a board"),
        (lambda x: fb.plan(x / "m.onnx", multipliers=9), "m.onnx: .*quantize"),
        (lambda x: fb.generate(x / "q.onnx", x / "plan.json", x / "o", target="vhdl"), "'vhdl'"),
        (lambda x: fb.verify(x / "q.onnx", ["chelsea"], engines=["asic"]), "'asic' is none of"),
        (lambda x: fb.verify(x / "q.onnx", []), "images=0 is less than 1"),
        (lambda x: fb.quantize(fb.load(x / "q.onnx")), "test: is quantized already: give the"),
        (lambda x: fb.plan(fb.load(x / "m.onnx"), multipliers=9), "test: is of floats: give what"),
        (lambda x: fb.quantize(x / "m.onnx", weight_bits=6.5), "weight_bits=6.5 is no whole"),
        (lambda x: fb.quantize(x / "m.onnx", weight_bits="6"), "weight_bits='6' is no whole"),
        (lambda x: fb.evaluate(x / "m.onnx", x, engine="asic"), "engine='asic' is none of"),
        (lambda x: fb.evaluate(x / "q.onnx", x, plan=x / "p"), "p: cannot be read"),
    ],
)
def test_wrong_steps_say_what_is_wrong(folder: Path, call, rule: str) -> None:
    with pytest.raises(fb.FirebrickError, match=rule):
        call(folder)


def test_an_error_of_a_model_in_memory_names_it() -> None:
    layers = (build.conv("conv1", "image", (4, 3, 3)), GlobalAveragePoolNode("a", ("conv1",)))
    graph: Graph = build.graph(*layers, averaged=False)
    layers[0].weights[:] = np.inf
    with pytest.raises(fb.FirebrickError, match="test"):
        fb.quantize(fb.FloatModel(graph, "a test"))


def test_commands_of_the_same_name_do_not_load_what_they_do_not_need(folder: Path) -> None:
    """A command that only reads does not wait for the planner's solver."""
    code = (
        "import sys\nfrom firebrick.cli import main\n"
        "sys.argv = ['firebrick', 'import', 'f.onnx', '-o', 'x.onnx', '--json']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "assert not [x for x in sys.modules if x.startswith('scipy.optimize')]\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=folder, check=True, capture_output=True)
    assert firebrick(folder, "import", "f.onnx", "-o", "x.onnx").returncode == 0
