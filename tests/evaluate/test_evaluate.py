# SPDX-License-Identifier: Apache-2.0
"""Models over labelled images: every engine gives the same, floats beside integers, the command."""

import hashlib
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import firebrick as fb
import graph_builders as build
from command_line import fields, fill, firebrick
from firebrick.errors import CheckFailed, FirebrickError
from firebrick.evaluate import logits as logits_of
from firebrick.frontend import onnx_writer
from firebrick.images import to_float
from firebrick.ir.graph import Graph, IdentityNode, QuantNode
from firebrick.ir.grid import Grid
from firebrick.ir.network import Network
from firebrick.passes import prepare
from firebrick.plan.plan import Plan
from firebrick.quantize.floats import run_float
from firebrick.quantize.integer_onnx import load
from firebrick.search.goal import Goal
from firebrick.search.planner import plan
from firebrick.verify import csim_engine, rtl_engine
from networks import CLASSES, random_pixels, small_network

IMAGES = 5
LABELS = np.array([3, 0, 6, 3, 1])


@pytest.fixture(scope="module")
def network() -> Network:
    return small_network(bypass=False)


@pytest.fixture(scope="module")
def chosen(network: Network) -> Plan:
    return plan(network, Goal(multipliers=24))


@pytest.fixture(scope="module")
def folder(network: Network, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A quantized model, q.onnx, and images with classes, x.npz."""
    folder = fill(tmp_path_factory.mktemp("evaluate"), network)
    images = random_pixels(3, network, IMAGES).transpose(0, 2, 3, 1).astype(np.uint8)
    np.savez(folder / "x.npz", images=images, labels=LABELS)
    return folder


@pytest.fixture(scope="module")
def reference(network: Network) -> np.ndarray:
    tensors = network.golden(random_pixels(3, network, IMAGES))
    return tensors[network.output].reshape(IMAGES, -1)


def digest(logits: np.ndarray) -> str:
    return hashlib.sha256(logits.astype("<i8").tobytes()).hexdigest()


@pytest.mark.parametrize("engine", ["numpy", "onnxruntime", "rtl", "csim"])
def test_every_engine_gives_the_logits_of_the_reference(
    engine: str,
    folder: Path,
    reference: np.ndarray,
    chosen: Plan,
    build_root: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In parts, two at a time; what is compiled serves other tests too."""
    for module in (rtl_engine, csim_engine):
        monkeypatch.setattr(module, "cache_folder", lambda _: build_root)
    monkeypatch.setattr(logits_of, "SHARES", {engine: logits_of.Share(1 << 25, 2)})
    simulated = chosen if engine in logits_of.SIMULATED else None
    (found,) = fb.evaluate(folder / "q.onnx", folder / "x.npz", engine=engine, plan=simulated)
    assert found.logits_sha256 == digest(reference)
    best = reference.argmax(1)
    pairs = list(zip(LABELS.tolist(), best.tolist(), strict=True))
    assert found.pairs == {x: pairs.count(x) for x in pairs}
    assert (found.engine, found.images) == (engine, IMAGES)
    assert found.top1 == (best == LABELS).mean()


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A float model f.onnx with a Softmax, m.onnx as imported, q.onnx, r.onnx; x.npz."""
    folder = tmp_path_factory.mktemp("trained")
    layers = build.conv("conv1", "image", (6, 3, 3)), build.conv("conv2", "conv1", (4, 6, 1))
    graph = build.graph(*layers)
    nodes = *graph.nodes, IdentityNode("softmax", (graph.nodes[-1].name,), "Softmax")
    onnx_writer.write(replace(graph, nodes=nodes, labels=tuple("abcd")), folder / "m.onnx")
    fields(folder, "quantize", "m.onnx", "-o", "q.onnx", "--weight-bits", "8")
    fields(folder, "quantize", "m.onnx", "-o", "r.onnx", "--weight-bits", "3")
    images = random_pixels(3, load.read(folder / "q.onnx"), 40).transpose(0, 2, 3, 1)
    labels = np.array(list("abcd") * 10)
    np.savez(folder / "x.npz", images=images.astype(np.uint8), labels=labels)
    return folder


def test_models_side_by_side(trained: Path) -> None:
    models = [trained / x for x in ("q.onnx", "m.onnx", "r.onnx")]
    eight, real, three = fb.evaluate(models, trained / "x.npz")
    assert real.engine == "floats"
    assert (real.agreement, real.sqnr_db) == (None, None)
    assert eight.agreement is not None
    assert eight.sqnr_db is not None
    assert three.sqnr_db is not None
    assert eight.sqnr_db > three.sqnr_db + 5
    assert eight.agreement >= 0.9
    assert {x.images for x in (eight, real, three)} == {40}
    assert eight.interval[0] < eight.top1 < eight.interval[1]


def test_floats_are_those_before_a_softmax(trained: Path) -> None:
    """What integers are held against are logits: a Softmax is dropped, as `quantize` does."""
    loaded = fb.load(trained / "m.onnx")
    assert isinstance(loaded, fb.FloatModel)
    graph: Graph = loaded.graph
    pixels = random_pixels(1, load.read(trained / "q.onnx"), 3).astype(np.uint8)
    found = logits_of.float_logits(graph)(pixels)
    wanted = run_float(prepare(graph), to_float(pixels, graph.preprocessing))
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-3)
    assert np.abs(found.sum(1) - 1).min() > 1e-3


def test_floats_on_grids_are_those_of_quantize(tmp_path: Path) -> None:
    """Onnxruntime does not know the quantizers of QONNX."""
    stem, classes = build.conv("stem", "image", (6, 3, 3)), build.conv("classes", "grid", (4, 6, 1))
    grid = QuantNode("grid", ("stem",), Grid(8.0, 8, signed=True, narrow=False))
    graph = build.graph(stem, grid, classes)
    pixels = np.random.default_rng(1).integers(0, 256, (3, 3, 11, 11)).astype(np.uint8)
    image = to_float(pixels, graph.preprocessing)
    found = logits_of.float_logits(graph)(pixels)
    np.testing.assert_allclose(found, build.logits(graph, image), rtol=1e-3, atol=1e-2)
    assert (
        np.abs(
            found - build.logits(build.graph(stem, replace(classes, inputs=("stem",))), image)
        ).max()
        > 0.1
    )


def test_one_that_is_held_against_may_be_named(trained: Path) -> None:
    found = fb.evaluate(trained / "q.onnx", trained / "x.npz", float_model=trained / "m.onnx")
    assert [x.agreement is None for x in found] == [True, False]
    same = fb.evaluate([trained / "m.onnx", trained / "q.onnx"], trained / "x.npz")
    assert [x.sqnr_db for x in found] == [x.sqnr_db for x in same]


def test_a_limit_is_the_same_images_for_all(trained: Path) -> None:
    models = [trained / x for x in ("m.onnx", "q.onnx")]
    one, other = (fb.evaluate(models, trained / "x.npz", limit=12) for _ in range(2))
    again = fb.evaluate(trained / "q.onnx", trained / "x.npz", limit=12, engine="numpy")
    assert one[1].logits_sha256 == other[1].logits_sha256 == again[0].logits_sha256
    by_class = [sum(n for (true, _), n in one[0].pairs.items() if true == x) for x in range(4)]
    assert by_class == [3] * 4


# --- the command ----------------------------------------------------------------------------------


def test_the_command_says_the_fields_of_the_design(folder: Path, reference: np.ndarray) -> None:
    found = fields(folder, "evaluate", "q.onnx", "x.npz")
    assert found["results"] == [{x: y for x, y in found.items() if x != "results"}]
    assert found["model"] == "q.onnx"
    assert (found["engine"], found["images"]) == ("onnxruntime", IMAGES)
    assert found["top1"] == (reference.argmax(1) == LABELS).mean()
    order = np.argsort(-reference, axis=1, kind="stable")[:, :5]
    assert found["top5"] == (order == LABELS[:, None]).any(1).mean()
    assert 0 <= found["interval"][0] <= found["top1"] <= found["interval"][1] <= 1
    assert found["images_per_second"] > 0
    assert "agreement" not in found
    assert "sqnr_db" not in found


def test_the_command_compares_and_draws(trained: Path) -> None:
    found = fields(
        trained, "evaluate", "q.onnx", "r.onnx", "x.npz", "--float", "m.onnx", "--html", "x.html"
    )
    assert [x["model"] for x in found["results"]] == ["m.onnx", "q.onnx", "r.onnx"]
    assert set(found) >= {"agreement", "sqnr_db", "worst", "logits_sha256"}
    assert (trained / "x.html").read_text().count("<table>") == 3
    text = firebrick(trained, "evaluate", "m.onnx", "q.onnx", "x.npz").stdout
    for word in ("top-1", "95 % interval", "m.onnx: confused", "taken for"):
        assert word in text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["q.onnx"], ["q.onnx", "given alone"]),
        (["none.onnx", "x.npz"], ["none.onnx"]),
        (["q.onnx", "none"], ["none", "labelled data"]),
        (["q.onnx", "x.npz", "--float", "q.onnx"], ["q.onnx", "is quantized"]),
        (["q.onnx", "x.npz", "--labels", "a.png"], ["a.png"]),
        (["q.onnx", "x.npz", "--labels", "names.txt"], ["names.txt", "names=2", str(CLASSES)]),
        (["q.onnx", "x.npz", "--html", "none/x.html"], ["none/x.html"]),
        (["q.onnx", "x.npz", "--plan", "plan.json"], ["plan", "rtl or csim"]),
        (["q.onnx", "x.npz", "--engine", "csim", "--plan", "a.png"], ["a.png"]),
        (["q.onnx", "wrong.npz"], ["wrong.npz", "class 7", "0..6"]),
    ],
)
def test_what_cannot_be_evaluated_is_refused_in_one_line(
    arguments: list[str], words: list[str], folder: Path, chosen: Plan
) -> None:
    (folder / "names.txt").write_text("a\nb\n")
    (folder / "plan.json").write_text(chosen.to_json())
    np.savez(folder / "wrong.npz", images=np.zeros((1, 25, 25), np.uint8), labels=np.array([7]))
    result = firebrick(folder, "evaluate", *arguments, "--json")
    assert (result.returncode, result.stdout) == (2, "")
    (message,) = (x for x in result.stderr.splitlines() if x.startswith("firebrick: "))
    for word in words:
        assert word in message


def test_a_simulation_that_fails_is_a_check_that_failed(
    folder: Path, chosen: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise CheckFailed("simulation failed")

    monkeypatch.setattr(logits_of, "ENGINES", {"rtl": fail})
    with pytest.raises(CheckFailed):
        fb.evaluate(folder / "q.onnx", folder / "x.npz", engine="rtl", plan=chosen)


def test_no_more_parts_are_read_than_are_worked_on() -> None:
    """All photographs of a data set do not fit into memory."""
    taken: list[int] = []

    def parts() -> object:
        for number in range(20):
            taken.append(number)
            yield np.array([[number]])

    seen = []
    for result in logits_of.side_by_side(lambda x: x + 1, parts(), 2):  # type: ignore[arg-type]
        seen.append(int(result[0, 0]) - 1)
        assert len(taken) <= len(seen) + 3
    assert seen == list(range(20))


def test_a_share_fits_into_its_room_and_leaves_some_for_all() -> None:
    share = logits_of.Share(1000, 2)
    assert share.chunk(100, 1000) == 10
    assert share.chunk(100, 6) == 3
    assert share.chunk(5000, 6) == 1
    assert share.chunk(1, 1) == 1


def test_a_limit_below_one_is_refused() -> None:
    with pytest.raises(FirebrickError, match="limit=0"):
        fb.evaluate("q.onnx", "x", limit=0)
    with pytest.raises(FirebrickError, match="models=0"):
        fb.evaluate([], "x")
    with pytest.raises(FirebrickError, match="engine='gpu'"):
        logits_of.integer_logits(small_network(), "gpu", None, 1, partial(print))
