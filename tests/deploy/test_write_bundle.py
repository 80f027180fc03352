# SPDX-License-Identifier: Apache-2.0
"""`firebrick deploy`: what a bundle holds, whole or not at all, the same bytes each time."""

from __future__ import annotations

import ast
import hashlib
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from command_line import fields, firebrick
from deployed import LABELS, Made, make
from firebrick import images
from firebrick.campaign.designs import in_ultra_ram
from firebrick.deploy.bundle import BundleContents, write_bundle
from firebrick.deploy.hardware import BIT_START, XCLBIN_START
from firebrick.emit.rtl.generate import load_words
from firebrick.errors import FirebrickError
from firebrick.hardware.resources import Family
from firebrick.plan.claims import read_plan
from firebrick.plan.pipeline import build
from firebrick.quantize.integer_onnx import export
from firebrick.runtime import Bundle
from firebrick.web.photographs import read_pixels
from networks import small_network

BIT = BIT_START + bytes(100)
HANDOFF = b'<?xml version="1.0"?><EDKSYSTEM/>'


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make(tmp_path_factory.mktemp("deploy"))


def tree(folder: Path) -> dict[str, bytes]:
    return {
        x.relative_to(folder).as_posix(): x.read_bytes()
        for x in sorted(folder.rglob("*"))
        if x.is_file()
    }


def test_every_file_is_listed_with_its_checksum(made: Made) -> None:
    files = tree(made.bundle)
    listed = json.loads(files.pop("bundle.json"))["files"]
    assert {name: hashlib.sha256(data).hexdigest() for name, data in files.items()} == listed
    assert list(listed) == sorted(listed)
    expected = {
        *("README.txt", "classify.ipynb", "labels.txt", "model/quant.onnx", "registers.h"),
        *("run.py", "sample.png", "rtl/manifest.json", made.fields["wheel"]),
        *("rtl/firebrick_kernel.sv", "rtl/firebrick_network.sv"),
    }
    assert expected <= listed.keys()
    assert not any(x.endswith((".bit", ".hwh", ".xclbin")) for x in listed)


def test_driver_reads_what_was_written(made: Made) -> None:
    bundle = Bundle.open(made.bundle)
    network = made.network
    assert (bundle.model, bundle.model_hash) == (network.name, network.digest())
    assert bundle.labels == LABELS
    assert bundle.board == "pynq-z2"
    assert bundle.assumed_clock_mhz == 100
    assert bundle.logits_scale == network.scales[network.output]
    assert bundle.preprocessing == {
        "resize": 30,
        "channels": "RGB",
        "mean": [0.0, 0.0, 0.0],
        "std": [1.0, 1.0, 1.0],
        "border": [0, 0, 0, 0],
        "fill": [],
    }
    plan = json.loads((made.folder / "plan.json").read_text())
    assert bundle.cycles_per_frame == plan["cycles_per_frame"]
    assert bundle.latency_cycles == plan["latency_cycles"]
    engines = {x["name"]: x["cycles"] for x in plan["layers"] if x["cycles"]}
    assert {x["name"]: x["cycles"] for x in bundle.engines} == engines
    assert len(engines) >= 4


def test_json_fields(made: Made) -> None:
    told = made.fields
    files = tree(made.bundle)
    assert told["output"] == "bundle"
    assert (told["model"], told["model_hash"]) == (made.network.name, made.network.digest())
    assert (told["board"], told["device"], told["hardware"]) == ("pynq-z2", "sim", [])
    assert (told["files"], told["bytes"]) == (len(files), sum(map(len, files.values())))


def test_sample_is_a_free_photograph_that_gives_the_same_pixels(made: Made) -> None:
    expected = images.load_pixels("chelsea", 30, 25, 25)
    assert np.array_equal(images.load_pixels(made.bundle / "sample.png", 30, 25, 25), expected)
    pixels = read_pixels(made.bundle / "sample.png", 30, 25, 25)
    assert np.array_equal(pixels, expected.transpose(1, 2, 0))
    assert "CC0" in (made.bundle / "README.txt").read_text()


def test_model_labels_and_registers_are_copied(made: Made) -> None:
    assert (made.bundle / "model" / "quant.onnx").read_bytes() == (
        made.folder / "q.onnx"
    ).read_bytes()
    assert (made.bundle / "labels.txt").read_text(encoding="utf-8").splitlines() == list(LABELS)
    header = (made.bundle / "registers.h").read_text()
    for name in ("CTRL", "MODEL_HASH0", "FRAME_CYCLES"):
        assert name in header


def test_same_inputs_same_bytes(made: Made, tmp_path: Path) -> None:
    for name in ("q.onnx", "plan.json"):
        shutil.copyfile(made.folder / name, tmp_path / name)
    fields(tmp_path, "deploy", "q.onnx", "plan.json", "-o", "again")
    assert tree(tmp_path / "again") == tree(made.bundle)


def test_it_is_written_whole_or_not_at_all(made: Made, tmp_path: Path) -> None:
    for name in ("q.onnx", "plan.json"):
        shutil.copyfile(made.folder / name, tmp_path / name)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    plan = json.loads((tmp_path / "plan.json").read_text())
    (tmp_path / "other.json").write_text(json.dumps(plan | {"digest": "0" * 64}))
    before = tree(tmp_path)
    for arguments, words in (
        (["q.onnx", "plan.json", "-o", "mine"], "is not a generated folder (no bundle.json)"),
        (["q.onnx", "plan.json", "-o", "no/bundle"], "folder no does not exist"),
        (["q.onnx", "other.json", "-o", "new"], "plan it again"),
        (["q.onnx", "plan.json", "-o", "new", "--sample", "none.png"], "none.png"),
        (["q.onnx", "plan.json", "-o", "new", "--board", "zcu1"], "'zcu1' is none of"),
        (["none.onnx", "plan.json", "-o", "new"], "none.onnx"),
        (["q.onnx", "q.onnx", "-o", "new"], "q.onnx"),
    ):
        result = firebrick(tmp_path, "deploy", *arguments, "--json")
        assert result.returncode == 2
        assert result.stdout == ""
        (line,) = (x for x in result.stderr.splitlines() if x.startswith("firebrick: "))
        assert words in line
        assert tree(tmp_path) == before
        assert [x.name for x in tmp_path.iterdir() if x.name.startswith(".")] == []


# --- files of the vendors' tools ------------------------------------------------------------------


@pytest.fixture
def folder(made: Made, tmp_path: Path) -> Path:
    for name in ("q.onnx", "plan.json"):
        shutil.copyfile(made.folder / name, tmp_path / name)
    (tmp_path / "design.bit").write_bytes(BIT)
    (tmp_path / "design.hwh").write_bytes(HANDOFF)
    (tmp_path / "design.xclbin").write_bytes(XCLBIN_START + bytes(100))
    return tmp_path


def test_bitstream_and_handoff_go_in_together(folder: Path) -> None:
    told = fields(folder, "deploy", "q.onnx", "plan.json", "-o", "b", "--bitstream", "design.bit")
    assert (told["device"], told["hardware"]) == ("pynq", ["firebrick.bit", "firebrick.hwh"])
    assert (folder / "b" / "firebrick.bit").read_bytes() == BIT
    assert (folder / "b" / "firebrick.hwh").read_bytes() == HANDOFF
    assert {"firebrick.bit", "firebrick.hwh"} <= Bundle.open(folder / "b").files.keys()
    assert "through PYNQ" in (folder / "b" / "README.txt").read_text()
    # A bundle is replaced as a whole.
    told = fields(folder, "deploy", "q.onnx", "plan.json", "-o", "b", "--xclbin", "design.xclbin")
    assert (told["device"], told["hardware"]) == ("xrt", ["firebrick.xclbin"])
    assert not (folder / "b" / "firebrick.bit").exists()
    assert "through XRT" in (folder / "b" / "README.txt").read_text()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--bitstream", "none.bit"], ["none.bit", "cannot be read"]),
        (["--bitstream", "q.onnx"], ["q.onnx", "is not a .bit file"]),
        (["--bitstream", "lonely.bit"], ["lonely.hwh", "beside the .bit file", "cannot be read"]),
        (["--bitstream", "odd.bit"], ["odd.hwh", "does not begin"]),
        (["--xclbin", "design.bit"], ["design.bit", "is not an .xclbin file"]),
        (["--xclbin", "."], ["cannot be read"]),
        (["--xclbin", "design.xclbin", "--bitstream", "design.bit"], ["give one of them"]),
    ],
)
def test_other_files_are_refused(folder: Path, options: list[str], words: list[str]) -> None:
    (folder / "lonely.bit").write_bytes(BIT)
    (folder / "odd.bit").write_bytes(BIT)
    (folder / "odd.hwh").write_bytes(b"\x7fELF")
    result = firebrick(folder, "deploy", "q.onnx", "plan.json", "-o", "b", *options)
    assert result.returncode == 2
    for word in words:
        assert word in result.stderr.replace("\n", " ")
    assert not (folder / "b").exists()


def test_large_files_are_refused(folder: Path) -> None:
    with (folder / "design.xclbin").open("r+b") as file:
        file.truncate((1 << 29) + 1)
    result = firebrick(
        folder, "deploy", "q.onnx", "plan.json", "-o", "b", "--xclbin", "design.xclbin"
    )
    assert result.returncode == 2
    assert "exceeds 536870912" in result.stderr.replace("\n", " ")


def test_plan_without_a_board(made: Made, tmp_path: Path) -> None:
    shutil.copyfile(made.folder / "q.onnx", tmp_path / "q.onnx")
    fields(tmp_path, "plan", "q.onnx", "--multipliers", "30", "-o", "plan.json")
    sample = ("--sample", str(images.resolve("coffee")))
    told = fields(tmp_path, "deploy", "q.onnx", "plan.json", "-o", "b", *sample)
    assert told["board"] is None
    bundle = Bundle.open(tmp_path / "b")
    assert (bundle.board, bundle.assumed_clock_mhz) == (None, None)
    pixels = read_pixels(tmp_path / "b" / "sample.png", 30, 25, 25)
    assert np.array_equal(pixels, read_pixels(images.resolve("coffee"), 30, 25, 25))
    assert "CC0" not in (tmp_path / "b" / "README.txt").read_text()


def test_weights_to_be_loaded_lie_as_in_memory(made: Made, tmp_path: Path) -> None:
    given = read_plan(made.folder / "plan.json", made.network)
    layers = [
        replace(x, folding=in_ultra_ram(x.folding)) if x.multipliers else x for x in given.layers
    ]
    plan = replace(given, layers=tuple(layers), family=Family.XCUP)
    write_bundle(BundleContents(made.folder / "q.onnx", made.network, plan), tmp_path / "b")
    words = load_words(build(made.network, plan))
    assert len(words) > 20
    data = (tmp_path / "b" / "weights.bin").read_bytes()
    assert len(data) % 64 == 0
    assert 0 <= len(data) - 16 * len(words) < 64
    found = [int.from_bytes(data[n : n + 16], "little") for n in range(0, len(data), 16)]
    assert found[: len(words)] == list(words)
    assert not any(found[len(words) :])
    assert Bundle.open(tmp_path / "b").weights() == data


def test_a_model_that_was_exchanged_meanwhile_is_refused(made: Made, tmp_path: Path) -> None:
    """Read for the hardware, then copied: both times the same one."""
    other = tmp_path / "q.onnx"
    export.write(small_network(bypass=True, side=25), other)
    contents = BundleContents(
        other, made.network, read_plan(made.folder / "plan.json", made.network)
    )
    with pytest.raises(FirebrickError, match=r"q\.onnx: is another model than it was when"):
        write_bundle(contents, tmp_path / "b")
    assert list(tmp_path.iterdir()) == [other]


def test_a_bitstream_that_was_exchanged_meanwhile_is_refused(made: Made, tmp_path: Path) -> None:
    """Looked at, then copied."""
    path = tmp_path / "design.xclbin"
    path.write_bytes(b"something else")
    contents = BundleContents(
        made.folder / "q.onnx",
        made.network,
        read_plan(made.folder / "plan.json", made.network),
        hardware={"firebrick.xclbin": path},
    )
    with pytest.raises(FirebrickError, match=r"is not an \.xclbin file of Vitis"):
        write_bundle(contents, tmp_path / "b")
    assert list(tmp_path.iterdir()) == [path]


def test_hardware_that_is_no_kernel_is_refused(made: Made, tmp_path: Path) -> None:
    plan = replace(read_plan(made.folder / "plan.json", made.network), pixels=3)
    contents = BundleContents(made.folder / "q.onnx", made.network, plan)
    with pytest.raises(FirebrickError, match=r"small: pixels=3 a beat, .* make no kernel"):
        write_bundle(contents, tmp_path / "b")
    assert list(tmp_path.iterdir()) == []


def test_help_says_what_comes_next(tmp_path: Path) -> None:
    text = " ".join(firebrick(tmp_path, "deploy", "--help").stdout.split())
    for words in ("--bitstream", "--xclbin", "--sample", "python3 run.py", "firebrick serve"):
        assert words in text
    text = " ".join(firebrick(tmp_path, "serve", "--help").stdout.split())
    for words in ("--device", "--host", "--port", "no password"):
        assert words in text


# --- texts ----------------------------------------------------------------------------------------


def test_notebook_is_one(made: Made) -> None:
    """By the schema of nbformat 4.5: https://nbformat.readthedocs.io/en/latest/format_description.html."""
    document = json.loads((made.bundle / "classify.ipynb").read_text())
    assert (document["nbformat"], document["nbformat_minor"]) == (4, 5)
    assert set(document) == {"cells", "metadata", "nbformat", "nbformat_minor"}
    assert document["metadata"]["kernelspec"]["name"] == "python3"
    names = [x["id"] for x in document["cells"]]
    assert len(names) == len(set(names))
    for cell in document["cells"]:
        assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", cell["id"])
        assert all(isinstance(x, str) for x in cell["source"])
        assert all(x.endswith("\n") for x in cell["source"][:-1])
        if cell["cell_type"] == "code":
            assert set(cell) == {
                *("cell_type", "id", "metadata", "source", "outputs", "execution_count")
            }
            assert (cell["outputs"], cell["execution_count"]) == ([], None)
            ast.parse("".join(cell["source"]), feature_version=(3, 10))
        else:
            assert cell["cell_type"] == "markdown"
            assert set(cell) == {"cell_type", "id", "metadata", "source"}


def test_readme_names_files_that_are_there(made: Made) -> None:
    text = (made.bundle / "README.txt").read_text()
    assert made.network.digest() in text
    assert max(map(len, text.splitlines())) <= 100
    assert "python3 -P run.py" in text
    for name in re.findall(r"^([\w./]+)  +\S", text, re.MULTILINE):
        assert (made.bundle / name).exists(), name
    assert made.fields["wheel"] in text


def test_run_script_is_the_one_that_is_checked(made: Made) -> None:
    text = (made.bundle / "run.py").read_text()
    source = Path(__file__).parents[2] / "python" / "firebrick" / "deploy" / "run.py"
    assert text == source.read_text()
    ast.parse(text, feature_version=(3, 10))
