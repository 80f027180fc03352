# SPDX-License-Identifier: Apache-2.0
"""Write a bundle: a folder that classifies photographs on a board, or in simulation.

`firebrick.runtime.bundle` reads it, and describes the fields of its `bundle.json`.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from firebrick import images
from firebrick.arrays import is_array, read_array
from firebrick.boards import Board
from firebrick.deploy import run
from firebrick.deploy.hardware import check
from firebrick.deploy.notebook import notebook
from firebrick.deploy.readme import readme
from firebrick.deploy.sample import CREDITS, SAMPLE
from firebrick.deploy.wheel import write_wheel
from firebrick.emit.rtl.generate import MANIFEST, generate
from firebrick.emit.rtl.load_chain import LOAD_FILE
from firebrick.emit.rtl.registers import HEADER
from firebrick.errors import FirebrickError
from firebrick.files.output import whole_folder
from firebrick.files.ownership import Marker, write_marker
from firebrick.ir.network import Network
from firebrick.plan.kernel import WORD_BYTES
from firebrick.plan.plan import Plan
from firebrick.preprocessing import RAW
from firebrick.quantize.integer_onnx import load
from firebrick.runtime.bundle import DOCUMENT, FORMAT, WEIGHTS, Bundle

MARKER = Marker(DOCUMENT, {"format": FORMAT})


@dataclass(frozen=True)
class BundleContents:
    """What goes into a bundle.

    Attributes:
        model: quantized ONNX file.
        network: what it holds.
        plan: of the hardware.
        board: what the hardware is for; None if it is only simulated.
        hardware: files that program the device, by their name in the bundle.
        sample: an image file, a ``.npy`` file, or the name of a sample photograph; the usual one
            is left out where the network takes no photographs.
    """

    model: Path
    network: Network
    plan: Plan
    board: Board | None = None
    hardware: Mapping[str, Path] | None = None
    sample: str = SAMPLE


def write_bundle(contents: BundleContents, folder: Path) -> dict[str, int]:
    """Write a bundle; the folder appears whole or not at all.

    Args:
        contents: of the bundle.
        folder: to write; replaces one that is a bundle.

    Returns:
        Bytes of each file.

    Raises:
        FirebrickError: the plan is another network's or makes no kernel, a file cannot be read,
            or the folder is not ours to replace.
    """
    network = contents.network
    with whole_folder(folder, MARKER) as temporary:
        generate(network, contents.plan, temporary / "rtl")
        manifest = json.loads((temporary / "rtl" / MANIFEST).read_text())
        if "kernel" not in manifest:
            raise FirebrickError(
                f"{network.name}: pixels={contents.plan.pixels} a beat, "
                f"output={network.types()[network.output]} make no kernel: see docs/shell.md"
            )
        shutil.copyfile(temporary / "rtl" / HEADER.name, temporary / HEADER.name)
        _write_weights(temporary, manifest["kernel"])
        _write_model(contents, temporary)
        sample = _write_sample(contents, temporary)
        for name, source in (contents.hardware or {}).items():
            shutil.copyfile(source, temporary / name)
            check(name, temporary / name)
        (temporary / "wheel").mkdir()
        write_wheel(temporary / "wheel")
        shutil.copyfile(Path(run.__file__), temporary / "run.py")
        (temporary / "classify.ipynb").write_text(notebook(network.name))
        credit = CREDITS.get(contents.sample, "")
        text = readme(network.name, network.digest(), contents.hardware or {}, sample, credit)
        (temporary / "README.txt").write_text(text, encoding="utf-8")
        write_marker(temporary, MARKER, _describe(contents, manifest["kernel"], sample))
        Bundle.open(temporary)  # what the driver would refuse is never written
        return _sizes(temporary)


def _write_weights(folder: Path, kernel: Mapping[str, Any]) -> None:
    """Words that a device is to load after a reset, as they lie in its memory."""
    if not kernel["weights_bytes"]:
        return
    words = (folder / "rtl" / LOAD_FILE).read_text().split()
    data = b"".join(int(x, 16).to_bytes(WORD_BYTES, "little") for x in words)
    (folder / WEIGHTS).write_bytes(data.ljust(kernel["weights_bytes"], b"\0"))


def _write_model(contents: BundleContents, folder: Path) -> None:
    """The network and its labels."""
    network = contents.network
    (folder / "model").mkdir()
    copy = folder / "model" / "quant.onnx"
    shutil.copyfile(contents.model, copy)
    if load.read(copy).digest() != network.digest():
        raise FirebrickError(f"{contents.model}: is another model than it was when it was read")
    count = network.types()[network.output].channels
    labels = network.labels or [f"class {x}" for x in range(count)]
    (folder / "labels.txt").write_text("".join(f"{x}\n" for x in labels), encoding="utf-8")


def _write_sample(contents: BundleContents, folder: Path) -> str | None:
    """A photograph: whole, as any other that is classified. Or an array; returns the file's name.

    Raises:
        FirebrickError: it cannot become the network's image.
    """
    image, how, name = contents.network.image, contents.network.preprocessing, contents.sample
    if is_array(name):
        shutil.copyfile(name, folder / "sample.npy")
        frames = how.of_arrays(name, read_array(folder / "sample.npy"), image.height, image.width)
        if len(frames) != 1:
            raise FirebrickError(f"{name}: images={len(frames)} is not 1")
        return "sample.npy"
    if how.channels == RAW and name == SAMPLE:
        return None
    how.require_photographs(f"image {name!r}")
    pixels = images.load_photograph(name)
    Image.fromarray(np.ascontiguousarray(pixels.transpose(1, 2, 0))).save(folder / "sample.png")
    return "sample.png"


def _sizes(folder: Path) -> dict[str, int]:
    """Bytes of every file."""
    files = sorted(x for x in folder.rglob("*") if x.is_file())
    return {x.relative_to(folder).as_posix(): x.stat().st_size for x in files}


def _describe(
    contents: BundleContents, kernel: Mapping[str, Any], sample: str | None
) -> dict[str, object]:
    """Fields of the bundle, its files left out."""
    network, plan, board = contents.network, contents.plan, contents.board
    image = network.image
    return {
        "model": network.name,
        "model_hash": network.digest(),
        "board": board.name if board else None,
        "image": {"height": image.height, "width": image.width, "channels": image.channels},
        "kernel": kernel,
        "logits": {"scale": network.scales[network.output]},
        "preprocessing": asdict(network.preprocessing),
        "labels": "labels.txt",
        "sample": sample,
        "cycles_per_frame": plan.cycles_per_frame,
        "latency_cycles": plan.latency_cycles,
        "assumed_clock_mhz": board.clock_mhz if board else None,
        "engines": [
            {"name": x.name, "kind": x.kind, "cycles": x.cycles} for x in plan.layers if x.cycles
        ],
    }
