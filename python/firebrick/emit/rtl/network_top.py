# SPDX-License-Identifier: Apache-2.0
"""The generated top: the pipeline printed as instances and wires."""

from __future__ import annotations

from collections.abc import Sequence

from firebrick.emit.rtl.load_chain import LOAD_PORT, LOADED, load_connections, load_gate, load_wires
from firebrick.emit.rtl.ports import (
    CLOCK,
    connect,
    connect_all,
    connect_packed,
    handshake,
    handshake_ports,
    stream_ports,
)
from firebrick.emit.rtl.systemverilog import Module, ModuleInstance, Signal
from firebrick.hardware.memory import LOAD_BITS
from firebrick.ops.base import Engine
from firebrick.plan.pipeline import Instance, Pipeline

TOP = "firebrick_network"
"""Name of the generated module and stem of its file."""

OPEN = (
    "The outputs of a chain that loads nothing are left open:",
    "verilator lint_off PINCONNECTEMPTY",
)
"""Waiver that every top needs."""


def network_module(pipeline: Pipeline, comment: Sequence[str]) -> Module:
    """The top module of a pipeline: an image stream in, a logits stream out.

    Where engines have weights in UltraRAM, a stream brings those before the first image.
    """
    links = {link.name: link for link in pipeline.links}
    ends = {pipeline.input_link: "s_axis", pipeline.output_link: "m_axis"}
    image, logits = links[pipeline.input_link].stream, links[pipeline.output_link].stream
    chain = load_chain(pipeline)
    ports = [Signal("clk", 1, "input"), Signal("rst_n", 1, "input")]
    if chain:
        ports += handshake_ports(LOAD_PORT, LOAD_BITS, source=False)
    ports += stream_ports("s_axis", image, source=False)
    ports += stream_ports("m_axis", logits, source=True)
    wires, gate = [], []
    if chain:
        ends[pipeline.input_link] = LOADED
        wires += [Signal(name, width) for name, width in handshake(LOADED, image).items()]
        wires += load_wires(len(chain))
        gate = [load_gate(list(chain.values()), image.data_bits, LOAD_PORT, "s_axis", LOADED)]
    wires += [
        Signal(name, width)
        for link in pipeline.links
        if link.name not in ends
        for name, width in handshake(link.name, link.stream).items()
    ]
    return Module(
        name=TOP,
        comment=("SPDX-License-Identifier: Apache-2.0", *comment, *OPEN),
        ports=tuple(ports),
        wires=tuple(wires),
        instances=(*gate, *(_instance(x, ends, list(chain)) for x in pipeline.instances)),
    )


def load_chain(pipeline: Pipeline) -> dict[str, Engine]:
    """Engines whose memories are loaded after a reset, by instance, in the chain's order."""
    return {x.name: x.engine for x in pipeline.instances if x.engine.load_count}


def _instance(instance: Instance, ends: dict[str, str], chain: list[str]) -> ModuleInstance:
    parameters: dict[str, int | str] = {k.upper(): v for k, v in instance.parameters.items()}
    if instance.engine.content_bits():
        parameters["PREFIX"] = instance.name
    connections = dict(CLOCK)
    engine = instance.engine
    if engine.PACKED:
        (source,), (sink,) = instance.inputs, instance.outputs
        connections |= connect_packed("s_axis", source) | connect_packed("m_axis", sink)
        return ModuleInstance(instance.module, instance.name, parameters, connections)
    if engine.LOADED:
        place = chain.index(instance.name) if instance.name in chain else None
        connections |= load_connections(place, len(chain))
    for port, link in zip(engine.IN_PORTS, instance.inputs, strict=True):
        connections |= connect(port, ends.get(link, link))
    connections |= connect_all("m_axis", [ends.get(x, x) for x in instance.outputs])
    return ModuleInstance(instance.module, instance.name, parameters, connections)
