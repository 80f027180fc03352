# SPDX-License-Identifier: Apache-2.0
"""The pass that replaces a Fire module of stock layers: the same bits, or no replacement."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hls4ml_models import (
    CHANNELS,
    PIXEL,
    SIDE,
    fire_layers,
    graph,
    need_hls4ml,
    precisions,
    two_modules,
)

STOCK, OURS = ("vitis:ip",), ("vitis:fire", "vitis:ip")


@pytest.fixture(autouse=True)
def _hls4ml() -> None:
    need_hls4ml()


def stock_names(model: Any) -> list[str]:
    return [x.name for x in model.get_layers() if x.class_name != "Fire"]


DROPPED = "ap_ufixed<5,2,AP_TRN,AP_SAT>"
EXACT: Mapping[str, dict[str, dict[str, str]]] = {
    "halves up": {},
    "bits dropped": {
        x: {"result": DROPPED} for x in ("squeeze_relu", "expand1_relu", "expand3_relu", "fire2")
    },
    "weights of two types": {"expand1": {"weight": "ap_fixed<4,1>"}},
    "weights rounded by their type": {"expand3": {"weight": "ap_fixed<5,1,AP_RND,AP_SAT>"}},
    "bits added": {"squeeze_relu": {"result": "ap_ufixed<8,0,AP_RND,AP_SAT>"}},
    "integers": {
        "photo": {"result": "ap_uint<3>"},
        **{
            x: {"result": "ap_ufixed<6,6,AP_RND,AP_SAT>"}
            for x in ("squeeze_relu", "expand1_relu", "expand3_relu", "fire2")
        },
        **{x: {"bias": "ap_fixed<8,3>"} for x in ("squeeze", "expand1", "expand3")},
    },
    "signed pixels": {"photo": {"result": "ap_fixed<7,3>"}},
    "fine biases": {
        x: {"weight": "ap_fixed<4,1>", "bias": "ap_fixed<14,2>"}
        for x in ("squeeze", "expand1", "expand3")
    },
    "fine biases, bits dropped": {
        **{x: {"bias": "ap_fixed<14,2>"} for x in ("squeeze", "expand1", "expand3")},
        **{
            x: {"result": DROPPED}
            for x in ("squeeze_relu", "expand1_relu", "expand3_relu", "fire2")
        },
    },
}
FAST = ("halves up",)


@pytest.mark.parametrize(
    "case", [x if x in FAST else pytest.param(x, marks=pytest.mark.slow) for x in EXACT]
)
def test_fire_equals_the_stock_layers(case: str, tmp_path: Path) -> None:
    seed = len(case)
    stock = graph(fire_layers(seed), precisions(**EXACT[case]), tmp_path / "stock", STOCK)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        ours = graph(fire_layers(seed), precisions(**EXACT[case]), tmp_path / "ours", OURS)
    assert stock_names(ours) == ["photo"]
    stock.compile()
    ours.compile()
    rng = np.random.default_rng(1)
    frames = rng.uniform(-1, 5, (12, SIDE, SIDE, CHANNELS)).astype(np.float32)
    expected, actual = stock.predict(frames), ours.predict(frames)
    assert np.array_equal(expected, actual)
    assert len(np.unique(expected)) > 3


@pytest.mark.slow
def test_two_modules_in_a_row_each_become_a_layer(tmp_path: Path) -> None:
    stock = graph(two_modules(), precisions(), tmp_path / "stock", STOCK)
    ours = graph(two_modules(), precisions(), tmp_path / "ours", OURS)
    assert [(x.class_name, x.name) for x in ours.get_layers()][1:] == [
        ("Fire", "fire2"),
        ("Fire", "fire3"),
    ]
    stock.compile()
    ours.compile()
    frames = np.random.default_rng(1).uniform(0, 4, (4, SIDE, SIDE, CHANNELS)).astype(np.float32)
    expected = stock.predict(frames)
    assert np.array_equal(expected, ours.predict(frames))
    assert len(np.unique(expected)) > 3


NARROW, FINE = "ap_fixed<10,4>", "ap_fixed<40,20>"
UNLIKE: Mapping[str, tuple[dict[str, dict[str, str]], str]] = {
    "sums wrap": ({"expand3": {"accum": NARROW}}, "expand3: accum_t=.* does not hold sums of"),
    "sums are cut": (
        {"squeeze": {"result": "ap_fixed<16,10>"}},
        "squeeze: result_t=.* does not hold sums of",
    ),
    "halves to even": (
        {"squeeze_relu": {"result": "ap_ufixed<6,2,AP_RND_CONV,AP_SAT>"}},
        "squeeze_relu: result_t rounds by RND_CONV",
    ),
    "pixels wrap": (
        {"squeeze_relu": {"result": "ap_ufixed<6,2,AP_RND>"}},
        "squeeze_relu: result_t=.* wraps",
    ),
    "signed pixels": (
        {"expand1_relu": {"result": "ap_fixed<6,2,AP_RND,AP_SAT>"}},
        "expand1_relu: result_t=.* is signed",
    ),
    "types differ": (
        {"expand1_relu": {"result": "ap_ufixed<6,3,AP_RND,AP_SAT>"}},
        "fire2: result_t differs",
    ),
    "pixels too wide": (
        {"photo": {"result": "ap_ufixed<12,2>"}},
        "photo: width=12 is not in 2..8",
    ),
    "biases finer than pixels": (
        {
            "squeeze_relu": {"result": "ap_ufixed<8,-3,AP_RND,AP_SAT>"},
            "squeeze": {"bias": "ap_fixed<16,2>"},
            **{x: {"accum": FINE, "result": FINE} for x in ("expand1", "expand3")},
        },
        "squeeze: bias_t is finer than products that lose no bit",
    ),
    "weights too wide": (
        {"expand3": {"weight": "ap_fixed<12,1>", "accum": "ap_fixed<30,12>"}},
        "value_bits|result_t=.* does not hold|distinct",
    ),
}


@pytest.mark.parametrize("case", UNLIKE)
def test_what_would_change_bits_stays_and_a_warning_says_why(case: str, tmp_path: Path) -> None:
    changes, message = UNLIKE[case]
    with pytest.warns(UserWarning, match=f"fire2: stays as it is: .*({message})"):
        model = graph(fire_layers(), precisions(**changes), tmp_path, OURS)
    assert "expand3_relu" in stock_names(model)


def changed(case: str) -> list[dict[str, Any]]:
    """Graphs that are no Fire module."""
    layers = fire_layers()
    by_name = {x["name"]: x for x in layers}
    if case == "no relu":
        by_name["expand1_relu"]["activation"] = "tanh"
    elif case == "squeeze of 3x3":
        return [
            x
            | {"filt_height": 3, "filt_width": 3, "weight_data": np.ones((3, 3, CHANNELS, 3))}
            | dict.fromkeys(("pad_top", "pad_bottom", "pad_left", "pad_right"), 1)
            if x["name"] == "squeeze"
            else x
            for x in layers
        ]
    elif case == "another reader":
        tanh = {"class_name": "Activation", "name": "other", "activation": "relu"}
        layers.append(tanh | {"inputs": ["squeeze_relu"]})
    return layers


@pytest.mark.parametrize("case", ["no relu", "squeeze of 3x3", "another reader"])
def test_what_is_no_fire_module_is_left_alone(case: str, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        model = graph(changed(case), precisions(), tmp_path, ["vitis:fire"])
    assert not [x for x in model.get_layers() if x.class_name == "Fire"]


def test_without_the_flow_nothing_changes(tmp_path: Path) -> None:
    model = graph(fire_layers(), precisions(), tmp_path, STOCK)
    assert not [x for x in model.get_layers() if x.class_name == "Fire"]


def test_the_type_of_a_pixel_stays(tmp_path: Path) -> None:
    model = graph(fire_layers(), precisions(), tmp_path, OURS)
    (fire,) = [x for x in model.get_layers() if x.class_name == "Fire"]
    assert fire.get_output_variable().type.precision.definition_cpp() == PIXEL.replace(
        "AP_SAT>", "AP_SAT,0>"
    )
    assert list(fire.get_output_variable().shape) == [SIDE, SIDE, 10]
