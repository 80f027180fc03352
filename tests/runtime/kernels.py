# SPDX-License-Identifier: Apache-2.0
"""Tiny simulated kernels for tests, and bundles of them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np

from bundles import document, finish
from firebrick.campaign.designs import TinyKernel
from firebrick.runtime import Accelerator
from firebrick.runtime.layout import Bytes
from firebrick.runtime.sim import SimDevice

PATIENCE = 1_000_000
"""Cycles without an interrupt that count as a hang."""


def images(kernel: TinyKernel, count: int, seed: int = 1) -> Bytes:
    x = kernel.description
    shape = (count, x.height, x.width, x.channels)
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def opened(kernel: TinyKernel, batch: int = 4) -> Accelerator:
    device = SimDevice(kernel.binary, kernel.folder)
    device.patience = PATIENCE
    return Accelerator(kernel.description, device, weights=kernel.weights, batch=batch)


def write_bundle(kernel: TinyKernel, folder: Path) -> Path:
    folder.mkdir()
    shutil.copytree(kernel.folder, folder / "rtl")
    if kernel.weights:
        (folder / "weights.bin").write_bytes(kernel.weights)

    manifest = json.loads((kernel.folder / "manifest.json").read_text())
    return finish(folder, document(kernel.description) | {"kernel": manifest["kernel"]})
