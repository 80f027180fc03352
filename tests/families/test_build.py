# SPDX-License-Identifier: Apache-2.0
"""SqueezeNet by its metaparameters: what the paper says of each, and what is refused."""

from pathlib import Path

import numpy as np
import pytest

from command_line import fields, firebrick
from firebrick import frontend
from firebrick.api.building import build
from firebrick.errors import FirebrickError
from firebrick.families.blocks import macs, parameters
from firebrick.families.squeezenet import V10, SqueezeNet
from firebrick.ir.graph import AddNode, ConvNode, MaxPoolNode
from firebrick.passes import prepare
from graph_builders import logits

SMALL = {"base_e": 16, "incr_e": 8, "size": 40, "classes": 4, "conv1": (8, 3, 2)}


@pytest.mark.parametrize(
    ("changes", "count"),
    [
        ({}, 1_248_424),
        ({"version": "1.1"}, 1_235_496),
        ({"bypass": "simple"}, 1_248_424),
        ({"bypass": "complex"}, 1_589_672),
        ({"sr": 0.75}, 4_841_704),  # figure 3(a) of the paper: 19 MB at 4 bytes
    ],
)
def test_parameters_are_those_of_the_paper(changes: dict, count: int) -> None:
    assert parameters(build("squeezenet", **changes).graph) == count


def test_multiplications_are_those_of_every_convolution_at_its_size() -> None:
    """Of both published networks at the size they were trained on; conv10 of 1.0 is padded."""
    assert macs(build("squeezenet").graph) == 861_339_936
    assert macs(build("squeezenet", version="1.1").graph) == 387_747_520


def test_fire_modules_have_the_filters_of_table_1() -> None:
    squeeze = [V10.filters(x)[0] for x in range(2, 10)]
    assert squeeze == [16, 16, 32, 32, 48, 48, 64, 64]
    assert [V10.filters(x)[1:] for x in (2, 9)] == [(64, 64), (256, 256)]


@pytest.mark.parametrize("share", [0.01, 0.125, 0.25, 0.5, 0.99])
def test_expand_filters_follow_section_5(share: float) -> None:
    spec = SqueezeNet(base_e=100, incr_e=20, freq=3, pct3x3=share, sr=share)
    for number in range(8):
        squeeze, of_1x1, of_3x3 = spec.filters(number + 2)
        expand = 100 + 20 * (number // 3)
        assert of_1x1 + of_3x3 == expand
        assert abs(of_3x3 - share * expand) <= 0.5
        assert abs(squeeze - share * expand) <= 0.5


def test_pools_lie_behind_the_modules_that_are_named() -> None:
    graph = build("squeezenet", pools=(1, 2, 9), **SMALL).graph
    found = {x.name: x.inputs for x in graph.nodes if isinstance(x, MaxPoolNode)}
    assert found == {
        "pool1": ("conv1",),
        "pool2": ("fire2_concat",),
        "pool9": ("fire9_concat",),
    }


def test_simple_bypasses_lead_around_modules_that_keep_their_channels() -> None:
    graph = build("squeezenet", bypass="simple").graph
    assert [x.name for x in graph.nodes if isinstance(x, AddNode)] == [
        f"fire{x}_bypass" for x in (3, 5, 7, 9)
    ]


def test_weights_are_as_he_has_them_and_follow_from_the_seed() -> None:
    def weights(seed: int) -> list[np.ndarray]:
        graph = build("squeezenet", seed=seed).graph
        return [x.weights for x in graph.nodes if isinstance(x, ConvNode)]

    first, same, other = weights(1), weights(1), weights(2)
    for a, b, c in zip(first, same, other, strict=True):
        assert (a == b).all()
        assert (a != c).any()
        assert np.isclose(a.var() * np.prod(a.shape[1:]), 2, rtol=0.1)


@pytest.mark.parametrize("bypass", ["none", "simple", "complex"])
def test_a_network_is_written_read_and_quantized(tmp_path: Path, bypass: str) -> None:
    text = ("--base-e", "16", "--incr-e", "8", "--size", "40", "--classes", "4")
    options = (*text, "--conv1", "8,3,2", "--bypass", bypass, "--channels", "1")
    told = fields(tmp_path, "build", "squeezenet", "-o", "f.onnx", *options)
    graph = frontend.load(str(tmp_path / "f.onnx"))
    assert told["parameters"] == parameters(graph)
    assert told["macs"] == macs(graph)
    x = np.random.default_rng(1).normal(size=(1, 1, 40, 40)).astype(np.float32)
    assert np.allclose(logits(prepare(graph), x), logits(graph, x), atol=1e-4)
    fields(tmp_path, "quantize", "f.onnx", "-o", "q.onnx")
    found = fields(tmp_path, "verify", "q.onnx", "chelsea", "--engines", "onnxruntime")
    assert found["differing"] == 0


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        (("--pools", "1,10"), "pools=(1, 10) are not different modules of 1..9"),
        (("--pools", "1,1"), "pools=(1, 1) are not different"),
        (("--pools", "first"), "pools='first' is not whole numbers"),
        (("--conv1", "3,3"), "conv1='3,3' is not 3 whole numbers"),
        (("--pct3x3", "1"), "pct3x3=1.0 is not between"),
        (("--sr", "nan"), "sr=nan is not more than 0"),
        (("--freq", "0"), "freq=0 is less than 1"),
        (("--classes", "0"), "classes=0 is less than 1"),
        (("--size", "20"), "'pool8'"),
    ],
)
def test_what_makes_no_network_is_refused(
    tmp_path: Path, options: tuple[str, ...], rule: str
) -> None:
    result = firebrick(tmp_path, "build", "squeezenet", "-o", "f.onnx", *options)
    assert result.returncode == 2
    assert rule in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_other_families_and_metaparameters_are_named() -> None:
    with pytest.raises(FirebrickError, match="'depth' is no metaparameter of squeezenet"):
        build("squeezenet", depth=3)
    with pytest.raises(FirebrickError, match="bypass=dense is none of none, simple, complex"):
        build("squeezenet", bypass="dense")
    with pytest.raises(FirebrickError, match="family='alexnet' is none of squeezenet"):
        build("alexnet")
