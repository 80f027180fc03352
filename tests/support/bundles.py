# SPDX-License-Identifier: Apache-2.0
"""Bundles for tests of what reads them, written without what Firebrick writes them with."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from firebrick.runtime import Description
from firebrick.runtime.bundle import FORMAT
from firebrick.runtime.registers import Register


def kernel_section(x: Description) -> dict[str, object]:
    """As in a manifest."""
    return {
        "top": "firebrick_kernel",
        "height": x.height,
        "width": x.width,
        "channels": x.channels,
        "pixels": x.pixels,
        "pixel_bytes": x.pixel_bytes,
        "image_stride": x.image_stride,
        "logits_stride": x.logits_stride,
        "classes": x.classes,
        "logit_bits": x.logit_bits,
        "weights_bytes": x.weights_bytes,
        "registers": {register.name: int(register) for register in Register},
    }


def document(x: Description) -> dict[str, object]:
    """A `bundle.json` without files."""
    return {
        "format": FORMAT,
        "firebrick": "0.1.0",
        "model": x.model,
        "model_hash": x.model_hash,
        "board": None,
        "image": {"height": x.height, "width": x.width, "channels": x.channels},
        "kernel": kernel_section(x),
        "logits": {"scale": x.logits_scale},
        "preprocessing": {
            "resize": 8,
            "channels": "RGB",
            "mean": [0.0] * 3,
            "std": [1.0] * 3,
            "border": [0] * 4,
            "fill": [],
        },
        "labels": None,
        "sample": None,
        "cycles_per_frame": 100,
        "latency_cycles": 120,
        "assumed_clock_mhz": None,
        "engines": [{"name": "conv1", "kind": "conv", "cycles": 90}],
        "files": {},
    }


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def finish(folder: Path, fields: dict[str, object]) -> Path:
    """List every file that is there, write `bundle.json`."""
    paths = sorted(x for x in folder.rglob("*") if x.is_file() and x.name != "bundle.json")
    fields["files"] = {x.relative_to(folder).as_posix(): sha256(x) for x in paths}
    (folder / "bundle.json").write_text(json.dumps(fields))
    return folder


def edit(folder: Path, change) -> None:
    """Change the document of a bundle, and nothing else."""
    path = folder / "bundle.json"
    fields = json.loads(path.read_text())
    change(fields)
    path.write_text(json.dumps(fields))
