# SPDX-License-Identifier: Apache-2.0
"""The generated top: the pipeline printed as instances and wires."""

from __future__ import annotations

from collections.abc import Sequence

from firebrick.emit.ports import (
    CLOCK,
    connect,
    connect_all,
    connect_packed,
    handshake,
    stream_ports,
)
from firebrick.emit.systemverilog import Module, ModuleInstance, Signal
from firebrick.plan.pipeline import Instance, Link, Pipeline

TOP = "firebrick_network"
"""Name of the generated module and stem of its file."""

PACKED = ("fifo",)
"""Modules that carry any payload and know no `tlast`."""

INPUT_PORTS = {"add": ("s_axis_a", "s_axis_b")}
"""Prefixes of the input streams, where an operator has more than one."""


def network_module(pipeline: Pipeline, comment: Sequence[str]) -> Module:
    """The top module of a pipeline: an image stream in, a logits stream out."""
    links = {link.name: link for link in pipeline.links}
    ends = {pipeline.input_link: "s_axis", pipeline.output_link: "m_axis"}
    ports = [Signal("clk", 1, "input"), Signal("rst_n", 1, "input")]
    ports += stream_ports("s_axis", links[pipeline.input_link].stream, source=False)
    ports += stream_ports("m_axis", links[pipeline.output_link].stream, source=True)
    wires = [
        Signal(name, width)
        for link in pipeline.links
        if link.name not in ends
        for name, width in handshake(link.name, link.stream).items()
    ]
    return Module(
        name=TOP,
        comment=("SPDX-License-Identifier: Apache-2.0", *comment),
        ports=tuple(ports),
        wires=tuple(wires),
        instances=tuple(_instance(x, ends, links) for x in pipeline.instances),
    )


def _instance(instance: Instance, ends: dict[str, str], links: dict[str, Link]) -> ModuleInstance:
    parameters: dict[str, int | str] = {k.upper(): v for k, v in instance.parameters.items()}
    if instance.memories:
        parameters["PREFIX"] = instance.name
    connections = dict(CLOCK)
    if instance.module in PACKED:
        (source,), (sink,) = instance.inputs, instance.outputs
        connections |= connect_packed("s_axis", source) | connect_packed("m_axis", sink)
        return ModuleInstance(instance.module, instance.name, parameters, connections)
    inputs = INPUT_PORTS.get(instance.module, ("s_axis",))
    for port, link in zip(inputs, instance.inputs, strict=True):
        connections |= connect(port, ends.get(link, link))
    connections |= connect_all("m_axis", [ends.get(x, x) for x in instance.outputs])
    return ModuleInstance(instance.module, instance.name, parameters, connections)
