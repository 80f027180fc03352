# SPDX-License-Identifier: Apache-2.0
from collections import Counter
from dataclasses import replace

import pytest

import plan_networks as nets
from firebrick.errors import CheckFailed, FirebrickError
from firebrick.hardware.memory import LOAD_BITS
from firebrick.ir.graph import IMAGE
from firebrick.ops.add import Add
from firebrick.ops.folding import Folding
from firebrick.ops.maxpool import MaxPool
from firebrick.plan import predict
from firebrick.plan.bypass import shortcuts
from firebrick.plan.pipeline import build
from firebrick.plan.plan import LayerPlan, SkipPlan
from firebrick.search.goal import Goal
from firebrick.search.planner import plan


def check_wiring(pipeline):
    """Every link has one writer and one reader, who agree on its columns."""
    links = {x.name: x for x in pipeline.links}
    written = Counter(x for i in pipeline.instances for x in i.outputs)
    read = Counter(x for i in pipeline.instances for x in i.inputs)
    assert written + Counter([pipeline.input_link]) == Counter(list(links))
    assert read + Counter([pipeline.output_link]) == Counter(list(links))
    names = [x.name for x in pipeline.instances]
    assert len(set(names)) == len(names)
    for instance in pipeline.instances:
        wanted = instance.engine.in_columns
        assert tuple(links[x].stream.columns for x in instance.inputs) == wanted
        given = {links[x].stream.columns for x in instance.outputs}
        assert given == {instance.engine.out_columns}
    for link in pipeline.links:
        assert sorted(link.order) == list(range(link.stream.tensor.channels))


@pytest.mark.parametrize("make", [nets.chain, nets.bypass])
@pytest.mark.parametrize("multipliers", [12, 40, 300])
def test_wiring(make, multipliers):
    network = make()
    made = plan(network, Goal(multipliers=multipliers))
    assert made.multipliers <= multipliers
    pipeline = build(network, made)
    check_wiring(pipeline)
    assert [x.layer for x in pipeline.links if x.layer] == [x.name for x in network]
    assert pipeline.input_link == "pixels"
    assert pipeline.output_link == network.output == "logits"
    assert pipeline.link("logits").order == tuple(range(pipeline.link("logits").stream.row_beats))


def test_same_plan_same_hardware():
    first, second = (build(n, plan(n, Goal(multipliers=40))) for n in (nets.chain(), nets.chain()))
    for a, b in zip(first.instances, second.instances, strict=True):
        assert (a.name, a.parameters, a.memories) == (b.name, b.parameters, b.memories)


@pytest.mark.parametrize("make", [nets.chain, nets.bypass])
def test_memories_are_as_large_as_they_are_said_to_be(make):
    network = make()
    for instance in build(network, plan(network, Goal(multipliers=40))).instances:
        engine = instance.engine
        images = sum(x.bits for x in engine.memories().values())
        assert sum(engine.content_bits().values()) == images + LOAD_BITS * engine.load_count
        assert engine.load_count == len(engine.load_words())


def test_tensors_joined_by_an_add_share_their_order():
    network = nets.bypass()
    pipeline = build(network, plan(network, Goal(multipliers=40)))
    joined = ["conv1", "fire2_expand", "fire2_add", "fire3_expand", "fire3_add"]
    assert len({pipeline.link(x).order for x in joined}) == 1


def test_bypass_queue_is_needed():
    network = nets.bypass()
    made = plan(network, Goal(multipliers=40))
    assert {(x.tensor, x.reader) for x in made.skips} == {
        ("conv1", "fire2_add"),
        ("fire2_add", "fire3_add"),
    }
    pipeline = build(network, made)
    assert Counter(x.module for x in pipeline.instances)["broadcast"] == 2
    assert predict.schedule(pipeline).cycles_per_frame == made.cycles_per_frame
    with pytest.raises(CheckFailed, match="deadlock"):
        predict.schedule(build(network, replace(made, skips=())))


def test_a_queue_is_on_the_way_from_its_tensor_only():
    """Both operands of `sum` have other readers; one of them is queued."""
    image = nets.chain().image
    first = nets.conv("first", image, 4)
    second = nets.conv("second", first.output, 4)
    adds = [Add(x, first.output, first.output, first.output, (1, 1), 0) for x in ("sum", "last")]
    layers = [(first, (IMAGE,)), (second, ("first",)), (adds[0], ("first", "second"))]
    network = nets.network([*layers, (adds[1], ("second", "sum"))], image)
    made = plan(nets.chain(), Goal(multipliers=20))
    foldings = {"conv": nets.folded(1, 1, 1, 0), "add": Folding(1)}
    chosen = tuple(LayerPlan(x.name, x.operator.kind, foldings[x.operator.kind]) for x in network)
    skips = (SkipPlan("first", "sum", 64),)
    made = replace(made, digest=network.digest(), layers=chosen, skips=skips)
    fifos = [x for x in build(network, made).instances if x.module == "fifo"]
    assert [x.inputs for x in fifos] == [("first_to_sum",)]


def test_the_way_with_fewer_convolutions_is_the_shortcut():
    """However many layers it has."""
    image = nets.chain().image
    first = nets.conv("first", image, 4)
    other = nets.conv("other", first.output, 4)
    pools = [MaxPool(x, first.output, first.output, 1, 1) for x in ("pool1", "pool2", "pool3")]
    both = Add("both", other.output, first.output, other.output, (1, 1), 0)
    layers = [(first, (IMAGE,)), (other, ("first",))]
    layers += zip(pools, (("first",), ("pool1",), ("pool2",)), strict=True)
    network = nets.network([*layers, (both, ("other", "pool3"))], image)
    assert shortcuts(network) == [("first", "pool1")]


def test_name_that_hardware_cannot_have():
    image = nets.chain().image
    first = nets.conv("conv 1;", image, 8)
    network = nets.network(
        [(first, ("image",)), (nets.average("logits", first.output), ("conv 1;",))], image
    )
    with pytest.raises(FirebrickError, match=r"^layer 'conv 1;': name is no identifier"):
        plan(network, Goal(multipliers=20))
