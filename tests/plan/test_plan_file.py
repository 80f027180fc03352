# SPDX-License-Identifier: Apache-2.0
import json
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import plan_networks as nets
from firebrick.errors import FirebrickError
from firebrick.plan.plan import ONCHIP_LIMIT, Plan
from firebrick.search.goal import Goal
from firebrick.search.planner import plan


@pytest.fixture(scope="module")
def small():
    network = nets.bypass(size=9)
    return network, plan(network, Goal(board=nets.board(), multipliers=40))


def test_round_trip(small):
    _, made = small
    assert made.skips
    assert made.board == "tiny"
    assert Plan.from_json(made.to_json()) == made


def test_fields_for_machines(small):
    _, made = small
    fields = json.loads(json.dumps(made.fields()))
    assert fields["board"] == "tiny"
    assert fields["family"] == "xc7"
    assert fields["budget"] == nets.board().budget().fields()
    assert all(0 <= n <= fields["budget"][x] for x, n in fields["resources"].items())
    layers = sum(x.resources.lut for x in made.layers)
    assert layers < fields["resources"]["lut"] < layers + 1500  # the shell's are among them
    assert 0 < fields["memory_use"] <= 1
    assert fields["fits"] is True
    assert 0 < fields["bound_cycles"] <= fields["cycles_per_frame"]
    assert fields["multipliers"] <= 40
    expected = fields["nonzero_macs"] / (fields["multipliers"] * fields["cycles_per_frame"])
    assert fields["mac_efficiency"] == pytest.approx(expected, abs=1e-4)
    parts = fields["onchip_bytes"]
    assert parts["total"] == parts["weights"] + parts["buffers"] + parts["queues"]
    assert parts["weights"] == sum(fields["weight_bytes"].values())


def test_without_a_board():
    network = nets.chain()
    made = plan(network, Goal(multipliers=20))
    assert Plan.from_json(made.to_json()) == made
    fields = made.fields()
    assert fields["board"] is fields["budget"] is None
    assert fields["family"] == "xc7"
    assert fields["resources"]["lut"] > 0
    assert made.excess == {}


def test_what_does_not_fit_on_chip(small):
    """Up to the last byte, those of queues among them."""
    _, made = small
    rest = made.onchip_bytes["total"] - made.queue_bytes
    assert replace(made, queue_bytes=ONCHIP_LIMIT - rest).fits
    assert not replace(made, queue_bytes=ONCHIP_LIMIT - rest + 1).fits


def test_a_plan_over_budget_does_not_fit(small):
    _, made = small
    used = made.resources
    assert replace(made, budget=used).fits
    for name in ("dsp", "lut", "lutram", "ff"):
        tight = replace(made, budget=replace(used, **{name: getattr(used, name) - 1}))
        assert tight.excess == {name: (getattr(used, name), getattr(used, name) - 1)}
        assert not tight.fits


def change(made, path, value):
    """The plan's JSON with one value replaced; `...` removes it."""
    data = json.loads(made.to_json())
    *steps, last = path
    inner = data
    for step in steps:
        inner = inner[step]
    if value is ...:
        del inner[last]
    else:
        inner[last] = value
    return json.dumps(data)


HOSTILE = [
    (("format",), 1, "p.json: format=1 is not in 2..2"),
    (("board",), 3, "p.json: board=3 is not a text of up to 256 characters"),
    (("board",), "x" * 257, "is not a text of up to 256 characters"),
    (("board",), ..., "p.json: board is missing"),
    (("family",), "xc8", "p.json: family='xc8' is not one of xc7, xcup"),
    (("family",), None, "p.json: family=None is not a text"),
    (("budget",), 4, "p.json: budget: is not a JSON object"),
    (("budget",), ..., "p.json: budget is missing"),
    (("budget", "dsp"), -1, "p.json: budget: dsp=-1 is not in 0..4611686018427387904"),
    (("budget", "lut"), ..., "p.json: budget: lut is missing"),
    (("budget", "gold"), 1, "p.json: budget: gold=1 is not a known field"),
    (("resources", "bram18"), "9", "p.json: resources: bram18='9' is not an integer"),
    (("resources",), None, "p.json: resources: is not a JSON object"),
    (("bound_cycles",), -1, "p.json: bound_cycles=-1 is not in 0.."),
    (("bound_cycles",), 1.5, "p.json: bound_cycles=1.5 is not an integer"),
    (("memory_bits",), False, "p.json: memory_bits=False is not an integer"),
    (("pixels",), 0, "p.json: pixels=0 is not in 1..65536"),
    (("pixels",), 2.0, "p.json: pixels=2.0 is not an integer"),
    (("pixels",), True, "p.json: pixels=True is not an integer"),
    (("pixels",), ..., "p.json: pixels is missing"),
    (("model",), 3, "p.json: model=3 is not a text of up to 256 characters"),
    (("extra",), [1], "p.json: extra=[1] is not a known field"),
    (("layers",), {}, "p.json: layers={} is not a list of objects"),
    (("layers",), [], "p.json: layers=0 have no convolution among them"),
    (("layers", 0), 7, "p.json: layers 0: is not a JSON object"),
    (("layers", 0, "lanes"), -1, "p.json: layers 'conv1': lanes=-1 is not in 0..65536"),
    (("layers", 0, "columns"), 10**30, "is not in 1..65536"),
    (("layers", 0, "drain"), 999, "p.json: layers 'conv1': drain=999 is not in 1.."),
    (("layers", 0, "gap_bits"), 9, "p.json: layers 'conv1': gap_bits=9 is not in 0..7"),
    (("layers", 0, "queue_depth"), 1, "queue_depth=1 is not in 2..1024"),
    (("layers", 0, "store_zeros"), 1, "store_zeros=1 is neither true nor false"),
    (("layers", 0, "tight"), 1, "p.json: layers 'conv1': tight=1 is neither true nor false"),
    (("layers", 0, "dual"), 1, "p.json: layers 'conv1': dual=1 is neither true nor false"),
    (("layers", 0, "fabric"), 999, "p.json: layers 'conv1': fabric=999 is not in 0.."),
    (("layers", 3, "fabric"), 1, "p.json: layers 'fire2_add': fabric=1 is not in 0..0"),
    (("layers", 3, "drain"), 1, "p.json: layers 'fire2_add': drain=1 is not in 0..0"),
    (("layers", 0, "placement"), [], "p.json: layers 'conv1': placement: is not a JSON object"),
    (("layers", 0, "placement", "rows"), 3, "placement: rows=3 is not in 0..2"),
    (("layers", 0, "placement", "lengths"), 2, "placement: lengths=2 is not in 0..1"),
    (("layers", 0, "placement", "weights"), True, "placement: weights=True is not an integer"),
    (("layers", 0, "placement", "tape"), 0, "placement: tape=0 is not a known field"),
    (("layers", 0, "resources", "uram"), ..., "layers 'conv1': resources: uram is missing"),
    (("layers", 0, "shell"), "rm", "p.json: layers 'conv1': shell='rm' is not a known field"),
    (("layers", 1, "name"), "conv1", "p.json: layers=8 have a name used twice"),
    (("skips", 0, "beats"), 1 << 40, "is not in 2..16777216"),
    (("weight_bytes", "codes"), "x", "p.json: weight_bytes: codes='x' is not an integer"),
]


@pytest.mark.parametrize(("path", "value", "message"), HOSTILE)
def test_hostile_field(small, path, value, message):
    _, made = small
    with pytest.raises(FirebrickError, match=re.escape(message)) as caught:
        Plan.from_json(change(made, path, value), "p.json")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "[" * 100_000, '{"format": NaN}', '{"format": 1' + "0" * 5000 + "}"],
)
def test_hostile_text(text):
    with pytest.raises(FirebrickError, match=r"^p\.json: "):
        Plan.from_json(text, "p.json")


def test_huge_text():
    with pytest.raises(FirebrickError, match=r"^p\.json: size=5000000 exceeds 4194304"):
        Plan.from_json(" " * 5_000_000, "p.json")


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_any_json_is_refused_with_one_line(small, data):
    with pytest.raises(FirebrickError):
        Plan.from_json(json.dumps({"format": data}), "p.json")


def test_other_network(small):
    _, made = small
    with pytest.raises(FirebrickError, match=r"digest=\w{16} is not that of model 'small', \w{16}"):
        made.check(nets.bypass(size=17))


@pytest.mark.parametrize("place", [0, 15, 16, 63])
def test_a_digest_is_compared_to_its_end(small, place):
    network, made = small
    other = "".join("0" if x != "0" else "1" for x in made.digest)
    digest = made.digest[:place] + other[place] + made.digest[place + 1 :]
    with pytest.raises(FirebrickError, match="is not that of model 'small'"):
        replace(made, digest=digest).check(network)


MISFITS = [
    (("layers", 0, "lanes"), 28, "layer 'conv1': lanes=28 exceeds 27 weights a channel"),
    (("layers", 0, "columns"), 8, "layer 'conv1': columns=8 exceeds the width 4"),
    (("layers", 3, "columns"), 8, "layer 'fire2_add': columns=8 exceeds the width 4"),
    (("layers", 3, "kind"), "conv", "layers=8 are not the model's 8"),
]


@pytest.mark.parametrize(("path", "value", "message"), MISFITS)
def test_plan_that_does_not_suit_the_network(small, path, value, message):
    network, made = small
    other = Plan.from_json(change(made, path, value), "p.json")
    with pytest.raises(FirebrickError, match=re.escape(message)):
        other.check(network)
