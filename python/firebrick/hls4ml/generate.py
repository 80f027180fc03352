# SPDX-License-Identifier: Apache-2.0
"""Write a network as a complete hls4ml project."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from firebrick.emit.rtl.generate import MANIFEST, check_onchip
from firebrick.files.output import whole_folder
from firebrick.files.ownership import Marker, write_marker
from firebrick.hls4ml.block import blocks
from firebrick.hls4ml.convert import PROJECT, convert
from firebrick.hls4ml.optional import optional
from firebrick.hls4ml.sources import BUILD_LIB
from firebrick.ir.network import Network
from firebrick.plan.pipeline import build
from firebrick.plan.plan import Plan

TARGET = "hls4ml"
MARKER = Marker(MANIFEST, {"target": TARGET})
CONFIG = "hls4ml_config.yml"
"""hls4ml's own description of the project."""
STAMP_LENGTH = 8


def manifest(network: Network, plan: Plan) -> dict[str, object]:
    """What a user must know: hash, layers of each of hls4ml's layers, scale of the logits."""
    found = blocks(network, build(network, plan))
    image = network.image
    return {
        "model": network.name,
        "model_hash": network.digest(),
        "project": PROJECT,
        "image": {"shape": [image.height, image.width, image.channels], "bits": image.bits},
        "logits": {"shape": list(found[-1].shape), "scale": network.scales[network.output]},
        "layers": [{"name": x.name, "class": x.kind, "computes": list(x.layers)} for x in found],
        "plan": plan.document(),
    }


def generate(network: Network, plan: Plan, folder: Path) -> None:
    """Write the project of a planned network; the folder appears whole or not at all.

    `hls4ml.converters.link_existing_project(folder)` gives it to a script; Vitis HLS takes its
    ``build_prj.tcl``.

    Raises:
        CheckFailed: when it needs more than `ONCHIP_LIMIT` bytes on chip.
        FirebrickError: when hls4ml is missing, the plan is another network's, or the folder is not
            ours to replace.
    """
    check_onchip(plan)
    with whole_folder(folder, MARKER) as temporary:
        model = convert(network, plan, temporary)
        model.write()
        _settle(model, temporary, folder.absolute(), network.digest()[:STAMP_LENGTH])
        write_marker(temporary, MARKER, manifest(network, plan))


def _settle(model: Any, written: Path, folder: Path, stamp: str) -> None:
    """Name the folder where the project will be; its library by the model, not by chance."""
    chance = model.config.get_config_value("Stamp")
    script = written / BUILD_LIB
    script.write_text(script.read_text().replace(f"LIB_STAMP={chance}", f"LIB_STAMP={stamp}"))
    settled = model.config.config | {"OutputDir": str(folder), "Stamp": stamp}
    with (written / CONFIG).open("w", encoding="utf-8") as file:
        optional("yaml").dump(settled, file)  # as hls4ml does
