# SPDX-License-Identifier: Apache-2.0
"""Graphs of stock hls4ml layers with a Fire module in them."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from firebrick.errors import FirebrickError
from firebrick.hls4ml.optional import optional
from hls_compiler import missing

PIXEL = "ap_ufixed<6,2,AP_RND,AP_SAT>"
WEIGHT = "ap_fixed<6,1>"
SIDE, CHANNELS = 6, 5


def need_hls4ml() -> None:
    """Skip without hls4ml and g++, but fail where `CI` is set."""
    try:
        optional("firebrick.hls4ml.extension")
    except FirebrickError as error:
        missing(str(error))
    if shutil.which("g++") is None:
        missing("g++")


def conv(
    rng: np.random.Generator, name: str, source: str, shape: Sequence[int]
) -> list[dict[str, Any]]:
    """A convolution (kernel, inputs, outputs) with its ReLU, channels last."""
    kernel, inputs, outputs = shape
    pads = dict.fromkeys(("pad_top", "pad_bottom", "pad_left", "pad_right"), kernel // 2)
    weights = rng.integers(-32, 32, (kernel, kernel, inputs, outputs)) / 32
    weights[rng.random(weights.shape) < 0.4] = 0
    first = {
        "class_name": "Conv2D",
        "name": name,
        "inputs": [source],
        "data_format": "channels_last",
        "in_height": SIDE,
        "in_width": SIDE,
        "out_height": SIDE,
        "out_width": SIDE,
        "n_chan": inputs,
        "n_filt": outputs,
        "filt_height": kernel,
        "filt_width": kernel,
        "stride_height": 1,
        "stride_width": 1,
        "padding": "same",
        "weight_data": weights,
        "bias_data": rng.integers(-4096, 4096, outputs) / 4096,
        **pads,
    }
    relu = {
        "class_name": "Activation",
        "name": f"{name}_relu",
        "inputs": [name],
        "activation": "relu",
    }
    return [first, relu]


def fire_layers(seed: int = 1, squeezed: int = 3) -> list[dict[str, Any]]:
    """Input, squeeze, expands, concatenation."""
    photo = {"class_name": "InputLayer", "name": "photo", "input_shape": [SIDE, SIDE, CHANNELS]}
    return [photo, *module(seed, "photo", (CHANNELS, squeezed))]


def module(
    seed: int, source: str, channels: tuple[int, int], end: str = "", name: str = "fire2"
) -> list[dict[str, Any]]:
    """A Fire module of `channels` in and squeezed; `end` is that of its layers' names."""
    rng = np.random.default_rng(seed)
    first, squeezed = channels
    join = {
        "class_name": "Concatenate",
        "name": name,
        "inputs": [f"expand1{end}_relu", f"expand3{end}_relu"],
        "axis": 3,
        "op": "concatenate3d",
    }
    return [
        *conv(rng, f"squeeze{end}", source, (1, first, squeezed)),
        *conv(rng, f"expand1{end}", f"squeeze{end}_relu", (1, squeezed, 4)),
        *conv(rng, f"expand3{end}", f"squeeze{end}_relu", (3, squeezed, 6)),
        join,
    ]


def two_modules(seed: int = 1) -> list[dict[str, Any]]:
    """One after the other, the second with its expands the other way round."""
    layers = [*fire_layers(seed), *module(seed + 1, "fire2", (10, 2), "_b", "fire3")]
    layers[-1]["inputs"].reverse()
    return layers


def precisions(**changes: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Types of each layer with which every sum is exact; `changes` by layer."""
    wide = "ap_fixed<24,10>"
    convs = {"weight": WEIGHT, "bias": "ap_fixed<8,2>", "accum": wide, "result": wide}
    types: dict[str, dict[str, str]] = {"photo": {"result": PIXEL}, "fire2": {"result": PIXEL}}
    for name in ("squeeze", "expand1", "expand3"):
        types |= {name: dict(convs), f"{name}_relu": {"result": PIXEL}}
    for name, fields in changes.items():
        types[name] |= fields
    again = {f"{x}_b": y for x, y in types.items() if not x.endswith("_relu")}
    again |= {x.replace("_relu", "_b_relu"): y for x, y in types.items() if x.endswith("_relu")}
    types |= again | {"fire3": types["fire2"]}
    return {name: {"Precision": fields} for name, fields in types.items()}


def graph(
    layers: list[dict[str, Any]],
    names: dict[str, dict[str, Any]],
    folder: Path,
    flows: Sequence[str],
) -> Any:
    """hls4ml's graph of stock layers after some flows."""
    backends, graphs = optional("hls4ml.backends"), optional("hls4ml.model")
    config = backends.get_backend("Vitis").create_initial_config(io_type="io_stream")
    config |= {"Backend": "Vitis", "ProjectName": "small", "OutputDir": str(folder)}
    config["HLSConfig"] = {
        "Model": {"Precision": "ap_fixed<16,6>", "ReuseFactor": 1, "Strategy": "Latency"},
        "LayerName": names,
        "Flows": list(flows),
    }
    return graphs.ModelGraph.from_layer_list(config, layers)
