# SPDX-License-Identifier: Apache-2.0
"""Float networks with `Quant` nodes, as Brevitas exports them."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from onnx_builders import CLASSES, SIDE, Builder

from firebrick import frontend, passes
from firebrick.errors import FirebrickError
from firebrick.frontend.onnx_reader.quant import DOMAINS, ROUNDINGS
from firebrick.hls4ml.convert import convert
from firebrick.ir.graph import ConvNode, Graph, QuantNode
from firebrick.ir.grid import Grid
from firebrick.quantize.options import QuantizeOptions
from firebrick.quantize.quantizer import quantize
from firebrick.search.goal import Goal
from firebrick.search.planner import plan
from hls4ml_models import need_hls4ml

BITS = 6


class QuantBuilder(Builder):
    """Weights and activations pass `Quant` nodes."""

    def __init__(self, domain: str = DOMAINS[0], **fields: object) -> None:
        super().__init__()
        self.domain, self.fields = domain, fields
        self.expected: list[np.ndarray] = []

    def quant(
        self, source: str, scale: object, bits: object = BITS, zero: float = 0.0, **changes: object
    ) -> str:
        fields = {"signed": 1, "narrow": 1, "rounding_mode": "ROUND"} | self.fields | changes
        inputs = [source, *(self.constant(x) for x in (scale, zero, bits))]
        return self("Quant", *inputs, domain=self.domain, **fields)

    def quant_conv(self, source: str, shape: tuple[int, int, int], **attributes: object) -> str:
        out, channels, kernel = shape
        weights = self.constant(
            np.random.default_rng(out).normal(size=(out, channels, kernel, kernel))
        )
        real = onnx.numpy_helper.to_array(self.weights[-1]).astype(np.float64)
        scale = (np.abs(real).max((1, 2, 3), keepdims=True) / 31).astype(np.float32)
        steps = np.clip(np.rint(real / scale.astype(np.float64)), -31, 31)
        self.expected.append((steps * scale).astype(np.float32))
        conv = self("Conv", source, self.quant(weights, scale), self.random(out), **attributes)
        return self.quant(self("Relu", conv), 0.05, 8, signed=0, narrow=0)

    def finished(self, output: str) -> onnx.ModelProto:
        image = helper.make_tensor_value_info(self.image, TensorProto.FLOAT, (1, 3, SIDE, SIDE))
        result = helper.make_tensor_value_info(output, TensorProto.FLOAT, ("N", "C"))
        return helper.make_model(
            helper.make_graph(self.nodes, "exported", [image], [result], self.weights),
            opset_imports=[helper.make_opsetid("", 13), helper.make_opsetid(self.domain, 1)],
            ir_version=8,
        )


def fire_model(builder: QuantBuilder) -> onnx.ModelProto:
    b = builder
    stem = b.quant_conv(b.quant("data", 1 / 64, 8, signed=1), (8, 3, 3), strides=[2, 2])
    small = b.quant_conv(stem, (4, 8, 1))
    ones = b.quant_conv(small, (6, 4, 1))
    threes = b.quant_conv(small, (10, 4, 3), pads=[1, 1, 1, 1])
    last = b.quant_conv(b("Concat", ones, threes, axis=1), (CLASSES, 16, 1))
    return b.finished(b("Flatten", b("GlobalAveragePool", last), axis=1))


def saved(model: onnx.ModelProto, folder: Path) -> str:
    path = folder / "brevitas.onnx"
    onnx.save(model, path)
    return str(path)


@pytest.mark.parametrize("domain", DOMAINS)
def test_weights_are_those_that_training_settled_on(domain: str, tmp_path: Path) -> None:
    builder = QuantBuilder(domain)
    graph = frontend.load(saved(fire_model(builder), tmp_path))
    weights = [x.weights for x in graph.nodes if isinstance(x, ConvNode)]
    assert len(weights) == len(builder.expected) == 5
    for actual, expected in zip(weights, builder.expected, strict=True):
        assert np.array_equal(actual, expected)
        for channel in actual:
            assert len(np.unique(channel)) < 1 << BITS


def test_a_fire_module_is_prepared_with_the_grids_of_its_activations(tmp_path: Path) -> None:
    graph = passes.prepare(frontend.load(saved(fire_model(QuantBuilder()), tmp_path)))
    convs = [x for x in graph.nodes if isinstance(x, ConvNode)]
    of_image = Grid(1 / 64, 8, signed=True, narrow=True)  # clips bright and dark pixels
    others = Grid(float(np.float32(0.05)), 8, signed=False, narrow=False)
    assert [x.grid for x in convs] == [of_image, *[others] * 4]
    assert [x.weights.shape for x in convs] == [
        (3, 3, 1, 1),
        (8, 3, 3, 3),
        (4, 8, 1, 1),
        (16, 4, 3, 3),
        (CLASSES, 16, 1, 1),
    ]


VALUES = np.array([-2.5, -1.5, -0.4, 0.5, 1.5, 2.5, 9.0, -9.0])
ROUNDED = {
    "ROUND": [-2, -2, 0, 0, 2, 2, 3, -4],
    "HALF_EVEN": [-2, -2, 0, 0, 2, 2, 3, -4],
    "FLOOR": [-3, -2, -1, 0, 1, 2, 3, -4],
    "CEIL": [-2, -1, 0, 1, 2, 3, 3, -4],
    "ROUND_TO_ZERO": [-2, -1, 0, 0, 1, 2, 3, -4],
    "DOWN": [-2, -1, 0, 0, 1, 2, 3, -4],
    "HALF_UP": [-3, -2, 0, 1, 2, 3, 3, -4],
    "HALF_DOWN": [-2, -1, 0, 0, 1, 2, 3, -4],
}


def weights_of(builder: QuantBuilder, folder: Path, *arguments: object, **fields: object) -> list:
    b = builder
    weights = b.constant(VALUES.reshape(8, 1, 1, 1).repeat(3, 1))
    conv = b("Conv", "data", b.quant(weights, *arguments, **fields), b.constant(np.zeros(8)))
    output = b("Flatten", b("GlobalAveragePool", conv), axis=1)
    graph = frontend.load(saved(b.finished(output), folder))
    (node,) = [x for x in graph.nodes if isinstance(x, ConvNode)]
    return node.weights[:, 0, 0, 0].tolist()


@pytest.mark.parametrize("mode", ROUNDINGS)
def test_rounding(mode: str, tmp_path: Path) -> None:
    found = weights_of(QuantBuilder(), tmp_path, 1.0, 3, rounding_mode=mode, narrow=0)
    assert found == ROUNDED[mode]


@pytest.mark.parametrize(
    ("fields", "low", "high"),
    [
        ({"signed": 1, "narrow": 1}, -3.0, 3.0),
        ({"signed": 0, "narrow": 0}, 0.0, 7.0),
        ({"signed": 0, "narrow": 1}, 0.0, 6.0),
    ],
)
def test_range(fields: dict[str, int], low: float, high: float, tmp_path: Path) -> None:
    found = weights_of(QuantBuilder(), tmp_path, 1.0, 3, **fields)
    assert (min(found), max(found)) == (low, high)


def test_zero_point_and_scale(tmp_path: Path) -> None:
    found = weights_of(QuantBuilder(), tmp_path, 0.5, 4, 1.0, narrow=0)
    assert (min(found), max(found)) == ((-8 - 1) * 0.5, (7 - 1) * 0.5)


@pytest.mark.parametrize(
    ("arguments", "fields", "message"),
    [
        ((1.0, 1), {}, r"bitwidth=1.0 is not one number in 2..32"),
        ((1.0, [3, 4]), {}, r"bitwidth=\[3.0, 4.0\] is not one number"),
        ((0.0, 3), {}, r"scale=0.0 is not positive"),
        ((np.ones(5), 3), {}, r"scale=\(5,\) does not fit values of shape \(8, 3, 1, 1\)"),
        ((1.0, 3), {"rounding_mode": "DICE"}, r"rounding_mode=DICE is not one of ROUND"),
    ],
)
def test_what_makes_no_sense_is_refused(
    arguments: tuple[object, ...], fields: dict[str, object], message: str, tmp_path: Path
) -> None:
    with pytest.raises(FirebrickError, match=message):
        weights_of(QuantBuilder(), tmp_path, *arguments, **fields)


def activation(folder: Path, *arguments: object, **fields: object) -> Graph:
    """A network with one Quant of an activation."""
    b = QuantBuilder()
    conv = b("Conv", "data", b.random(CLASSES, 3, 3, 3), b.random(CLASSES))
    output = b("Flatten", b("GlobalAveragePool", b.quant(conv, *arguments, **fields)), axis=1)
    return frontend.load(saved(b.finished(output), folder))


@pytest.mark.parametrize("mode", ["ROUND", "HALF_EVEN", "HALF_UP", "HALF_DOWN"])
def test_an_activation_may_be_rounded_to_the_nearest(mode: str, tmp_path: Path) -> None:
    scale = np.full((1, CLASSES, 1, 1), 0.25)  # the same for every channel
    graph = activation(tmp_path, scale, 5, rounding_mode=mode, narrow=0)
    (node,) = [x for x in graph.nodes if isinstance(x, QuantNode)]
    assert node.grid == Grid(0.25, 5, signed=True, narrow=False)


@pytest.mark.parametrize(
    ("arguments", "fields", "message"),
    [
        ((np.arange(1, CLASSES + 1).reshape(1, -1, 1, 1), 5), {}, r"scale=\[1.0, 2.0, 3.0\] of an"),
        ((0.0, 5), {}, r"scale=0.0 is not positive and finite"),
        ((np.inf, 5), {}, r"scale=inf is not positive and finite"),
        ((0.5, 5, 3.0), {}, r"zero_point=3.0 of an activation is not 0: train it symmetric"),
        ((0.5, 5.5), {}, r"bitwidth=5.5 of an activation is not a whole number"),
        ((0.5, 5), {"rounding_mode": "FLOOR"}, r"rounding_mode=FLOOR of an activation is not one"),
        ((0.5, 5), {"rounding_mode": "CEIL"}, r"of ROUND, HALF_EVEN, HALF_UP, HALF_DOWN: train it"),
    ],
)
def test_what_integers_cannot_do_is_refused(
    arguments: tuple[object, ...], fields: dict[str, object], message: str, tmp_path: Path
) -> None:
    with pytest.raises(FirebrickError, match=message) as error:
        activation(tmp_path, *arguments, **fields)
    assert "(Quant)" in str(error.value)
    assert "\n" not in str(error.value)


def test_of_another_domain_is_unknown(tmp_path: Path) -> None:
    with pytest.raises(FirebrickError, match=r"op=my\.own\.Quant is not read"):
        frontend.load(saved(fire_model(QuantBuilder("my.own")), tmp_path))


@pytest.mark.slow
def test_it_becomes_an_hls4ml_project_that_equals_the_reference(tmp_path: Path) -> None:
    need_hls4ml()
    graph = passes.prepare(frontend.load(saved(fire_model(QuantBuilder()), tmp_path)))
    rng = np.random.default_rng(3)
    photographs = list(rng.integers(0, 256, (4, 3, SIDE, SIDE)).astype(np.uint8))
    network = quantize(graph, QuantizeOptions(weight_bits=BITS, crops=8), photographs)
    model = convert(network, plan(network, Goal(multipliers=24)), tmp_path / "project")
    assert "Fire" in [x.class_name for x in model.get_layers()]
    model.compile()
    pixels = np.stack(photographs)
    arrays = np.ascontiguousarray(pixels.transpose(0, 2, 3, 1).astype(np.float32))
    expected = network.golden(pixels.astype(np.int64))[network.output]
    assert np.array_equal(model.predict(arrays), expected[:, :, 0, 0])


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"narrow": 7}, "narrow=7 is not 0 or 1"),
        ({"signed": -1}, "signed=-1 is not 0 or 1"),
        ({"signed": "abc"}, "signed=bytes is not an integer"),
        ({"narrow": [1.0, 2.0]}, "is not an integer"),
        ({"signed": float("nan")}, "signed=float is not an integer"),
    ],
)
@pytest.mark.parametrize("is_weight", [False, True])
def test_attributes_that_no_checker_knows_are_checked(
    fields: dict[str, object], message: str, is_weight: bool, tmp_path: Path
) -> None:
    b = QuantBuilder()
    weights = b.constant(np.ones((4, 3, 1, 1)))
    if is_weight:
        x = b("Conv", "data", b.quant(weights, 0.1, **fields))
    else:
        x = b.quant(b("Conv", "data", weights), 0.1, **fields)
    model = b.finished(b("Flatten", b("GlobalAveragePool", x)))
    with pytest.raises(FirebrickError, match=message):
        frontend.load(saved(model, tmp_path))
