# SPDX-License-Identifier: Apache-2.0
"""Layer names become file names and SystemVerilog: any identifier works, or is refused by name."""

from __future__ import annotations

from dataclasses import replace

import pyslang
import pytest

from firebrick.emit.rtl.generate import top_text
from firebrick.errors import FirebrickError
from firebrick.ir.network import RESERVED, Layer, Network
from firebrick.plan.pipeline import build
from firebrick.search.goal import Goal
from firebrick.search.planner import plan
from networks import small_network


def renamed(names: dict[str, str]) -> Network:
    """The small network with some layers called otherwise."""
    network = small_network()
    layers = tuple(
        Layer(
            replace(x.operator, name=names.get(x.name, x.name)),
            tuple(names.get(y, y) for y in x.inputs),
        )
        for x in network
    )
    scales = {names.get(x, x): scale for x, scale in network.scales.items()}
    return replace(network, layers=layers, scales=scales)


def text_of(network: Network) -> str:
    return top_text(network, build(network, plan(network, Goal(multipliers=24))))


@pytest.mark.parametrize("name", ["module", "endmodule", "wire", "clk", "rst_n", "conv", "_"])
def test_keywords_and_names_of_signals_are_names_of_layers(name: str) -> None:
    tree = pyslang.syntax.SyntaxTree.fromText(text_of(renamed({"pool1": name})))
    assert [str(x.code) for x in tree.diagnostics if x.isError()] == []


@pytest.mark.parametrize("name", ["s_axis", "m_axis", "pixels", "output", "input0"])
def test_names_of_streams_that_hardware_has_itself_are_refused(name: str) -> None:
    assert name in RESERVED
    with pytest.raises(FirebrickError, match=f"layer {name!r}: name is one of pixels, s_axis"):
        renamed({"conv1": name})


def test_wire_that_is_called_as_an_instance_is_refused() -> None:
    network = renamed({"conv1": "u_x", "conv10": "x_tvalid"})
    with pytest.raises(FirebrickError, match="'u_x_tvalid' is declared 2 times"):
        text_of(network)


def test_labels_are_as_many_as_logits() -> None:
    with pytest.raises(FirebrickError, match="labels=2 is not the number of logits, 7"):
        replace(small_network(), labels=("a", "b"))


def test_network_without_layers() -> None:
    with pytest.raises(FirebrickError, match="network 'small': layers=0 is not a network"):
        replace(small_network(), layers=())


def changed(network: Network, name: str, **fields: object) -> Network:
    """The network with fields of one operator replaced."""
    layers = tuple(
        Layer(replace(x.operator, **fields), x.inputs) if x.name == name else x for x in network
    )
    return replace(network, layers=layers)


def test_hash_covers_everything_that_is_computed() -> None:
    network = small_network()
    conv = network.layers[0].operator
    turned = tuple(Layer(x.operator, x.inputs[::-1]) if x.name == "bypass2" else x for x in network)
    others = [
        replace(network, layers=turned),  # the same operators on other tensors
        changed(network, "conv1", bias=conv.bias + 256),
        changed(network, "conv1", multiplier=conv.multiplier[::-1]),
        changed(network, "conv1", shift=conv.shift - 1),
        changed(network, "conv1", codes=conv.codes[:, ::-1]),
        changed(network, "conv1", codebook=conv.codebook // 2),
    ]
    assert len({x.digest() for x in (network, *others)}) == 1 + len(others)
    assert replace(network, name="other").digest() == network.digest()
