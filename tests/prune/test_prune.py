# SPDX-License-Identifier: Apache-2.0
"""Pruning without training: what goes, what the rest becomes, and how close the output stays."""

from pathlib import Path

import numpy as np
import pytest

import firebrick as fb
import graph_builders as build
from command_line import fields, firebrick
from firebrick.api.pruning import prune
from firebrick.errors import FirebrickError
from firebrick.frontend import onnx_writer
from firebrick.ir.graph import ConvNode, Graph
from firebrick.prune.allocate import SHARES, Sensitivity, allocate, predicted
from firebrick.prune.layer import fitted, saliency, support
from firebrick.quantize.rounding.hessian import Patches, Statistics


def statistics(f: np.ndarray, q: np.ndarray | None = None) -> Statistics:
    return Statistics.of(Patches(f.astype(np.float32), (f if q is None else q).astype(np.float32)))


def graph() -> Graph:
    nodes = (
        build.conv("conv1", "image", (8, 3, 3), relu=True),
        build.conv("conv2", "conv1", (16, 8, 3), relu=True),
        build.conv("conv3", "conv2", (5, 16, 1)),
    )
    return build.graph(*nodes)


def test_of_independent_inputs_the_smallest_products_go() -> None:
    rng = np.random.default_rng(1)
    scales = np.array([1.0, 10.0, 0.1, 3.0])
    inputs = rng.normal(size=(20_000, 4)) * scales
    weights = np.array([[1.0, 0.2, 5.0, 0.4]])  # felt as 1, 2, 0.5, 1.2
    worth = saliency(weights, statistics(inputs).hessian)
    assert support(worth, 2).tolist() == [[False, True, False, True]]
    assert support(worth, 9).all()
    assert not support(np.zeros((1, 4)), 3).any()


def test_an_input_that_others_give_is_missed_by_nobody() -> None:
    """The third is the sum of the others: without it the rest takes over, to the last digits."""
    rng = np.random.default_rng(2)
    a, b = rng.normal(size=(2, 5000))
    inputs = np.stack([a, b, a + b], 1) + 3
    weights, bias = np.array([[1.0, 2.0, 4.0]]), np.array([0.5])
    mask = np.array([[True, True, False]])
    new, moved = fitted(weights, bias, mask, statistics(inputs))
    assert np.allclose(inputs @ new.T + moved, inputs @ weights.T + bias, atol=0.3)
    assert np.allclose(new, [[5, 6, 0]], atol=0.2)
    plain = inputs @ (weights * mask).T + bias
    assert np.abs(plain - inputs @ weights.T - bias).mean() > 10


def test_what_earlier_layers_lost_is_made_up_for() -> None:
    rng = np.random.default_rng(3)
    f = rng.normal(size=(5000, 3))
    q = f * [1, 0.5, 1]  # the second input arrives at half its size
    new, _ = fitted(np.ones((1, 3)), np.zeros(1), np.ones((1, 3), bool), statistics(f, q))
    assert np.allclose(new, [[1, 2, 1]], atol=0.05)


def test_layers_that_are_felt_less_give_more() -> None:
    curve = np.array(SHARES) ** 3
    layers = {
        "felt": Sensitivity(1000, 1.0, (100 * curve).tolist()),
        "hardly": Sensitivity(1000, 1.0, curve.tolist()),
        "cheap": Sensitivity(1000, 0.1, curve.tolist()),
    }
    for saved in (0.05, 0.2, 0.4, 0.6):
        shares = allocate(layers, saved)
        cost = sum(shares[x] * y.weights * y.cost for x, y in layers.items())
        assert np.isclose(cost, saved * 2100)
        assert shares["hardly"] >= shares["felt"]
        assert shares["hardly"] >= shares["cheap"]
    even = dict.fromkeys(layers, 0.6)
    assert predicted(layers, shares) < predicted(layers, even)


@pytest.mark.parametrize("cost", ["weights", "macs", "cycles"])
def test_as_much_goes_as_leaves_the_output_close_enough(tmp_path: Path, cost: str) -> None:
    onnx_writer.write(graph(), tmp_path / "m.onnx")
    told = fields(tmp_path, "prune", "m.onnx", "-o", "p.onnx", "--min-db", "20", "--cost", cost)
    assert told["sqnr_db"] >= 20
    assert told["dense_sqnr_db"] > told["sqnr_db"]
    dense, pruned = (fb.load(tmp_path / x) for x in ("m.onnx", "p.onnx"))
    before, after = ([y for y in x.graph.nodes if isinstance(y, ConvNode)] for x in (dense, pruned))
    assert (before[0].weights == after[0].weights).all()
    counts = [sum(int(np.count_nonzero(y.weights)) for y in x) for x in (before, after)]
    assert told["kept"] == round(counts[1] / counts[0], 4) < 1
    again = fields(tmp_path, "quantize", "p.onnx", "-o", "q.onnx")
    assert again["nonzero"] == told["nonzero"] <= counts[1]


def test_a_network_that_is_not_as_close_without_pruning_is_refused(tmp_path: Path) -> None:
    onnx_writer.write(graph(), tmp_path / "m.onnx")
    result = firebrick(tmp_path, "prune", "m.onnx", "-o", "p.onnx", "--min-db", "90")
    assert result.returncode == 1
    assert "without pruning is less than 90: give a smaller --min-db" in result.stderr
    assert not (tmp_path / "p.onnx").exists()


def test_what_cannot_be_pruned_is_said() -> None:
    with pytest.raises(FirebrickError, match="cost='energy' is none of weights, macs, cycles"):
        prune(fb.FloatModel(graph(), "a test"), cost="energy")
    single = build.graph(build.conv("conv1", "image", (4, 3, 3)))
    with pytest.raises(FirebrickError, match="layers to prune=0"):
        prune(fb.FloatModel(single, "a test"))
