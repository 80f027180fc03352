# SPDX-License-Identifier: Apache-2.0
"""The planned network as functions and channels: what the top and its simulation both print."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from firebrick.emit.hls.function import beat
from firebrick.emit.hls.layer import cpp_function, namespace
from firebrick.hardware.timing import Role
from firebrick.plan.pipeline import Instance, Link, Pipeline

DEPTH = 2
"""Beats of a channel without a reason for more: one is read while the next is written."""
FIFO_SLACK = 2
"""Beats of a `fifo` beside its memory: its output register, and that of the `broadcast` before."""


@dataclass(frozen=True, slots=True)
class Channel:
    """A stream between two functions.

    Attributes:
        name: of the C++ variable.
        beat: C++ type of its beats.
        depth: beats that it holds.
        link: what it carries.
    """

    name: str
    beat: str
    depth: int
    link: Link


@dataclass(frozen=True, slots=True)
class Process:
    """A function's call.

    Attributes:
        name: of the instance.
        function: name of the function, and of its header.
        inputs: channels read, by name.
        outputs: channels written.
        tables: names of the constants it takes.
        cfg: lines of a `Cfg` that stands in no layer's header; empty for layers.
    """

    name: str
    function: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    tables: tuple[str, ...] = ()
    cfg: tuple[str, ...] = ()

    def call(self) -> str:
        """The statement that runs it for a frame."""
        space = namespace(self.name)
        arguments = [*self.inputs, *self.outputs, *(f"{space}::{x}" for x in self.tables)]
        return f"firebrick::{self.function}<{space}::Cfg>({', '.join(arguments)});"


@dataclass(frozen=True, slots=True)
class Dataflow:
    """A network of functions.

    Attributes:
        processes: in the order in which data meets them.
        channels: each with one writer and one reader; those that enter and leave included.
        input: channel that brings the image.
        output: channel that takes the logits away.
    """

    processes: tuple[Process, ...]
    channels: tuple[Channel, ...]
    input: Channel
    output: Channel


def stream_name(link: str) -> str:
    """C++ variable of a link; no layer can be named so that it is a keyword."""
    return f"{link}_stream"


def dataflow(pipeline: Pipeline) -> Dataflow:
    """Functions and channels of a pipeline. A `fifo` is none, but the depth of its channel."""
    queues = [x for x in pipeline.instances if x.engine.ROLE is Role.FIFO]
    functions = [x for x in pipeline.instances if x.engine.ROLE is not Role.FIFO]
    fifos = {x.inputs[0]: x for x in queues}
    behind = {x.outputs[0]: link for link, x in fifos.items()}
    channels = [
        Channel(
            stream_name(link.name),
            _beat(pipeline, link),
            _depth(fifos.get(link.name)),
            link,
        )
        for link in pipeline.links
        if link.name not in behind
    ]
    processes = tuple(_process(x, behind) for x in functions)
    ends = {x.link.name: x for x in channels}
    return Dataflow(
        processes, tuple(channels), ends[pipeline.input_link], ends[pipeline.output_link]
    )


def _beat(pipeline: Pipeline, link: Link) -> str:
    """Type of a link's beats; the image's carry all channels of a pixel."""
    if link.name != pipeline.input_link:
        return beat(link.stream)
    reader = next(x for x in pipeline.instances if link.name in x.inputs)
    return cpp_function(reader.engine).beats()["in_beat"]


def _depth(fifo: Instance | None) -> int:
    return DEPTH if fifo is None else fifo.parameters["depth"] + FIFO_SLACK


def _process(instance: Instance, behind: dict[str, str]) -> Process:
    function = cpp_function(instance.engine)
    return Process(
        instance.name,
        instance.module,
        tuple(stream_name(behind.get(x, x)) for x in instance.inputs),
        tuple(stream_name(x) for x in instance.outputs),
        tuple(x.name for x in function.tables()),
        () if function.HEADER else tuple(function.cfg()),
    )


def plumbing(net: Dataflow) -> Iterator[str]:
    """Namespaces of the functions that have no header of their own."""
    for process in net.processes:
        if process.cfg:
            space = namespace(process.name)
            yield from (f"namespace {space} {{", *process.cfg, f"}}  // namespace {space}", "")


def includes(net: Dataflow) -> list[str]:
    """Headers of the layers, and of the functions that belong to none."""
    functions = sorted({x.function for x in net.processes if x.cfg})
    return [
        *(f'#include "firebrick/{x}.hpp"' for x in functions),
        *(f'#include "layers/{x.name}.hpp"' for x in net.processes if not x.cfg),
    ]
