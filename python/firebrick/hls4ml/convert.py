# SPDX-License-Identifier: Apache-2.0
"""From a planned network to hls4ml's graph."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from firebrick.boards import board_names, named_board
from firebrick.emit.hls.generate import origin
from firebrick.hls4ml.block import blocks
from firebrick.hls4ml.optional import BACKEND, optional
from firebrick.ir.graph import IMAGE
from firebrick.ir.network import Network
from firebrick.plan.pipeline import build
from firebrick.plan.plan import Plan

PROJECT = "network"
"""Name of the project, and of its top function; not that of a namespace of the functions."""


def layer_list(network: Network, plan: Plan) -> list[dict[str, Any]]:
    """The layers as hls4ml's converters give them: dictionaries, to which others may be added.

    Raises:
        FirebrickError: the plan is another network's.
    """
    image = network.image
    first = {
        "class_name": "InputLayer",
        "name": IMAGE,
        "input_shape": [image.height, image.width, image.channels],
    }
    rest = [
        {
            "class_name": x.kind,
            "name": x.name,
            "inputs": list(x.inputs),
            "block": x,
            "origin": origin(network),
        }
        for x in blocks(network, build(network, plan))
    ]
    return [first, *rest]


def configuration(
    network: Network, plan: Plan, folder: Path, *, project: str = PROJECT
) -> dict[str, Any]:
    """The configuration that hls4ml's converters start with: backend, part, types.

    Args:
        network: quantized network.
        plan: its foldings.
        folder: where hls4ml writes the project.
        project: name of the project.

    Raises:
        FirebrickError: hls4ml is missing.
    """
    optional("firebrick.hls4ml.extension")  # whether or not hls4ml has found it by itself
    image, backends = network.image, optional("hls4ml.backends")
    sign = "int" if image.signed else "uint"
    config: dict[str, Any] = backends.get_backend(BACKEND).create_initial_config(**_target(plan))
    config |= {"Backend": BACKEND, "ProjectName": project, "OutputDir": str(folder)}
    config["HLSConfig"] = {
        "Model": {"Precision": "ap_int<32>", "ReuseFactor": 1, "Strategy": "Resource"},
        "LayerName": {IMAGE: {"Precision": {"result": f"ap_{sign}<{image.bits}>"}}},
    }
    return config


def convert(network: Network, plan: Plan, folder: Path, *, project: str = PROJECT) -> Any:
    """Give hls4ml's `ModelGraph` of a network; its values are integers, those of the reference.

    Input: pixels, channels last, float32. `compile()`, `predict()`, `write()` and `build()` are
    those of hls4ml.

    Args:
        network: quantized network.
        plan: its foldings.
        folder: where hls4ml writes the project.
        project: name of the project.

    Raises:
        FirebrickError: hls4ml is missing, or the plan is another network's.
    """
    config = configuration(network, plan, folder, project=project)
    graphs = optional("hls4ml.model")
    return graphs.ModelGraph.from_layer_list(config, layer_list(network, plan))


def _target(plan: Plan) -> dict[str, Any]:
    """Part and clock of the plan's board."""
    streams = {"io_type": "io_stream"}
    if plan.board not in board_names():  # none, or one of the user's own
        return streams
    board = named_board(plan.board)
    return streams | {"part": board.part, "clock_period": round(1000 / board.clock_mhz, 3)}
