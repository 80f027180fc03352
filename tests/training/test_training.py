# SPDX-License-Identifier: Apache-2.0
"""Training: the integers that are trained are those of the model, and a run can be interrupted."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch, which training needs, is not installed")
pytest.importorskip("matplotlib", reason="matplotlib, which draws curves, is not installed")

import torch

import firebrick as fb
import graph_builders as build
from command_line import firebrick
from firebrick.api.building import build as build_family
from firebrick.api.training import train
from firebrick.errors import FirebrickError
from firebrick.evaluate.logits import float_logits
from firebrick.images import to_float
from firebrick.ir.graph import AddNode, ConvNode, Graph, MaxPoolNode
from firebrick.passes import prepare
from firebrick.quantize.options import QuantizeOptions
from firebrick.quantize.quantizer import quantize
from firebrick.training import pruning, stage
from firebrick.training.float_module import FloatModule
from firebrick.training.integer_module import IntegerModule

pytestmark = pytest.mark.torch
SMALL = {"base_e": 8, "incr_e": 8, "size": 20, "channels": 1, "classes": 3, "pools": (1, 3)}
QUICK = {"epochs": 1, "prune_epochs": 2, "retrain_epochs": 1, "tune_epochs": 1, "batch": 16}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Images of three classes: noise, brighter at the top, in the middle, at the bottom."""
    rng = np.random.default_rng(1)
    labels = np.arange(90) % 3
    images = rng.integers(0, 120, (90, 20, 20))
    for image, label in zip(images, labels, strict=True):
        image[7 * label : 7 * label + 6] += 120
    path = tmp_path_factory.mktemp("data") / "bands.npz"
    np.savez(path, images=images.astype(np.uint8), labels=labels)
    return path


def model() -> fb.FloatModel:
    return build_family("squeezenet", conv1=(8, 3, 1), bypass="complex", **SMALL)


def odd_graph() -> Graph:
    """Bypass, batch norm, a pool that is padded on some sides."""
    first = build.conv("conv1", "image", (6, 3, 3), pads=(1, 1, 1, 1), relu=True)
    nodes = (
        first,
        MaxPoolNode("pool1", ("conv1",), 3, 2, ceil=True, pads=(1, 0, 0, 1)),
        build.conv("conv2", "pool1", (6, 6, 3), stride=1, pads=(1, 1, 1, 1)),
        build.batch_norm("norm", "conv2", 6),
        AddNode("sum", ("norm", "pool1"), relu=True),
        build.conv("conv3", "sum", (5, 6, 1)),
    )
    return build.graph(*nodes)


def test_a_module_computes_its_graph_and_gives_it_back() -> None:
    graph, x = odd_graph(), np.random.default_rng(2).integers(0, 256, (3, 3, 11, 11), np.uint8)
    module = FloatModule(graph, normalize=False).eval()
    image = torch.from_numpy(to_float(x, graph.preprocessing))
    wanted = float_logits(graph)(x)
    close = {"rtol": 1e-4, "atol": 1e-3}
    assert np.allclose(module(image).detach().numpy(), wanted, **close)
    assert np.allclose(float_logits(module.to_graph())(x), wanted, **close)


def test_batch_norms_of_training_are_folded() -> None:
    graph, x = odd_graph(), np.random.default_rng(3).integers(0, 256, (8, 3, 11, 11), np.uint8)
    module = FloatModule(graph, normalize=True)
    image = torch.from_numpy(to_float(x, graph.preprocessing))
    module.train()
    module(image)  # moves the statistics
    wanted = module.eval()(image).detach().numpy()
    assert np.allclose(float_logits(module.to_graph())(x), wanted, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("make", [odd_graph, lambda: model().graph])
def test_integers_of_the_module_are_those_of_the_hardware(make) -> None:
    graph = prepare(make())
    shape = graph.input
    rng = np.random.default_rng(4)
    size = (12, shape.channels, shape.height, shape.width)
    pixels = rng.integers(0, 256, size, np.uint8)
    network = quantize(graph, QuantizeOptions(), pixels)
    masks = {x.name: x.weights != 0 for x in graph.nodes if isinstance(x, ConvNode)}
    module = IntegerModule(network, masks)
    for part in module.parameters():  # anywhere, not only where quantizing has put them
        part.data += torch.from_numpy(rng.normal(size=part.shape).astype(np.float32))
    found = module.integers(torch.from_numpy(pixels)).detach().numpy()
    tuned = module.to_network()
    golden = tuned.golden(pixels.astype(np.int64))[tuned.output].reshape(len(pixels), -1)
    assert (found == golden).all()
    assert tuned.digest() != network.digest()
    for layer in tuned:
        if hasattr(layer.operator, "codes"):
            assert not layer.operator.weights[~masks[layer.name]].any()


def test_pruning_takes_the_smallest_weights_of_each_layer_but_the_first() -> None:
    module = FloatModule(model().graph, normalize=True)
    convs = module.convolutions
    before = {name: x.weight.detach().clone() for name, x in convs.items()}
    for step in (1, 2, 3):
        share = pruning.share_of_step(0.4, step, 3)
        pruning.prune_to(convs, pruning.counts(convs, share))
    total = sum(x.numel() for x in before.values())
    kept = sum(int((x.weight != 0).sum()) for x in convs.values())
    assert abs(kept / total - 0.4) < 0.001
    assert (convs["conv1"].weight != 0).all()
    for name, conv in convs.items():
        left, gone = before[name].abs()[conv.weight != 0], before[name].abs()[conv.weight == 0]
        assert not gone.numel() or left.min() >= gone.max()
    with pytest.raises(FirebrickError, match=r"keep=0\.001"):
        pruning.counts(convs, 0.001)


def test_a_run_gives_models_that_are_read_and_metrics(data: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    found = train(model(), data, run, keep=0.5, shift=1, mirror=True, **QUICK)
    quantized = fb.load(run / "quantized.onnx")
    assert quantized.network.digest() == found.network.digest()
    assert abs(found.kept - 0.5) < 0.02
    lines = [json.loads(x) for x in (run / "metrics.jsonl").read_text().splitlines()]
    assert [x["stage"] for x in lines] == ["dense", "prune", "prune", "retrain", "tune"]
    assert (run / "curves.png").read_bytes().startswith(b"\x89PNG")
    floats, integers = fb.evaluate([run / "pruned.onnx", run / "quantized.onnx"], data)
    assert floats.images == integers.images == 90
    assert fb.verify(run / "quantized.onnx", ["chelsea"], engines=["onnxruntime"]).differing == {
        "onnxruntime": 0
    }


@pytest.fixture(scope="module")
def whole(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nobody interrupts."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    train(model(), data, folder, keep=0.5, **QUICK | {"retrain_epochs": 2})
    return folder


@pytest.mark.parametrize("epoch", range(1, 7))
def test_a_run_killed_in_any_epoch_goes_on_to_the_same_model(
    data: Path, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, epoch: int
) -> None:
    original, run = stage.share_right, tmp_path / "run"
    calls = iter(range(1, 100))

    def killed(*arguments: object) -> float:
        if next(calls) == epoch:
            raise KeyboardInterrupt
        return original(*arguments)

    def go() -> None:
        train(model(), data, run, keep=0.5, **QUICK | {"retrain_epochs": 2})

    with monkeypatch.context() as patched:
        patched.setattr(stage, "share_right", killed)
        with pytest.raises(KeyboardInterrupt):
            go()
    go()
    for name in ("float.onnx", "pruned.onnx", "quantized.onnx"):
        assert (run / name).read_bytes() == (whole / name).read_bytes(), name
    losses = [
        [json.loads(x)["loss"] for x in (folder / "metrics.jsonl").read_text().splitlines()]
        for folder in (run, whole)
    ]
    assert losses[0] == losses[1]


def test_weights_of_a_state_that_was_read_are_those_of_its_masks() -> None:
    """Not those of the last forward pass, as PyTorch keeps them."""
    first, second = (FloatModule(model().graph, normalize=False) for _ in range(2))
    for module in (first, second):
        pruning.prune_to(module.convolutions, pruning.counts(module.convolutions, 0.5))
    for part in first.parameters():
        part.data *= 2
    second.load_state_dict(first.state_dict())
    for a, b in zip(first.to_graph().nodes, second.to_graph().nodes, strict=True):
        if isinstance(a, ConvNode):
            assert (a.weights == b.weights).all()


def test_a_folder_of_another_run_is_refused(data: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    train(model(), data, run, **QUICK | {"tune_epochs": 0})
    with pytest.raises(FirebrickError, match="batch=16 is not 8"):
        train(model(), data, run, **QUICK | {"tune_epochs": 0, "batch": 8})
    (run / "checkpoint.pt").write_bytes(b"cut off")
    with pytest.raises(FirebrickError, match=r"checkpoint\.pt: cannot be read"):
        train(model(), data, run, **QUICK | {"tune_epochs": 0})
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.txt").write_text("years of work")
    with pytest.raises(FirebrickError, match="is not empty"):
        train(model(), data, other, **QUICK)


def test_losses_that_are_no_numbers_end_in_a_line(data: Path, tmp_path: Path) -> None:
    graph = model().graph
    graph.nodes[0].weights[:] = 1e30
    options = QUICK | {"normalize": False, "rate": 1.0}
    with pytest.raises(FirebrickError, match="is no number: give a lower --rate"):
        train(fb.FloatModel(graph, "a test"), data, tmp_path / "run", **options)
    assert not (tmp_path / "run" / "float.onnx").exists()


def test_classes_without_images_are_named(data: Path, tmp_path: Path) -> None:
    more = build_family("squeezenet", conv1=(8, 3, 1), **SMALL | {"classes": 4})
    more.save(tmp_path / "m.onnx")
    shutil.copyfile(data, tmp_path / "d.npz")
    result = firebrick(tmp_path, "train", "m.onnx", "d.npz", "-o", "run")
    assert result.returncode == 2
    assert "class 'class 3' has no images" in result.stderr
    assert not (tmp_path / "run").exists()
