# SPDX-License-Identifier: Apache-2.0
import json
import re

import plan_networks as nets
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firebrick.errors import FirebrickError
from firebrick.plan.plan import Plan
from firebrick.plan.planner import plan


@pytest.fixture(scope="module")
def small():
    network = nets.bypass()
    return network, plan(network, 40)


def test_round_trip(small):
    _, made = small
    assert made.skips
    assert Plan.from_json(made.to_json()) == made


def test_fields_for_machines(small):
    _, made = small
    fields = json.loads(json.dumps(made.fields()))
    assert fields["board"] is fields["resources"] is fields["budget"] is None
    assert fields["fits"] is True
    assert fields["multipliers"] <= 40
    expected = fields["nonzero_macs"] / (fields["multipliers"] * fields["cycles_per_frame"])
    assert fields["mac_efficiency"] == pytest.approx(expected, abs=1e-4)
    parts = fields["onchip_bytes"]
    assert parts["total"] == parts["weights"] + parts["buffers"] + parts["queues"]
    assert parts["weights"] == sum(fields["weight_bytes"].values())


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
    (("format",), 2, "p.json: format=2 is not in 1..1"),
    (("pixels",), 0, "p.json: pixels=0 is not in 1..65536"),
    (("pixels",), 2.0, "p.json: pixels=2.0 is not an integer"),
    (("pixels",), True, "p.json: pixels=True is not an integer"),
    (("pixels",), ..., "p.json: pixels is missing"),
    (("model",), 3, "p.json: model=3 is not a text of up to 256 characters"),
    (("extra",), [1], "p.json: extra=[1] is not a known field"),
    (("layers",), {}, "p.json: layers is not a list"),
    (("layers",), [], "p.json: layers=0 have no convolution among them"),
    (("layers", 0), 7, "p.json: layers 0: is not a JSON object"),
    (("layers", 0, "lanes"), -1, "p.json: layers 'conv1': lanes=-1 is not in 0..65536"),
    (("layers", 0, "columns"), 10**30, "is not in 1..65536"),
    (("layers", 0, "drain"), 999, "p.json: layers 'conv1': drain=999 is not in 1.."),
    (("layers", 0, "gap_bits"), 9, "p.json: layers 'conv1': gap_bits=9 is not in 0..7"),
    (("layers", 0, "queue_depth"), 1, "queue_depth=1 is not in 2..1024"),
    (("layers", 0, "store_zeros"), 1, "store_zeros=1 is neither true nor false"),
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


MISFITS = [
    (("layers", 0, "lanes"), 10, "layer 'conv1': lanes=10 exceeds 9 slices"),
    (("layers", 0, "columns"), 8, "layer 'conv1': columns=8 exceeds the width 7"),
    (("layers", 3, "columns"), 8, "layer 'fire2_add': columns=8 exceeds the width 7"),
    (("layers", 3, "kind"), "conv", "layers=8 are not the model's 8"),
]


@pytest.mark.parametrize(("path", "value", "message"), MISFITS)
def test_plan_that_does_not_suit_the_network(small, path, value, message):
    network, made = small
    other = Plan.from_json(change(made, path, value), "p.json")
    with pytest.raises(FirebrickError, match=re.escape(message)):
        other.check(network)
