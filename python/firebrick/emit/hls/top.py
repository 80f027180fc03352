# SPDX-License-Identifier: Apache-2.0
"""The top of a network for Vitis HLS: functions and channels in one dataflow region."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from firebrick.emit.hls.dataflow import Channel, Dataflow, Process, includes, plumbing
from firebrick.emit.hls.function import constants
from firebrick.emit.rtl.network_top import TOP

IMAGE_WORD = 64
"""Bits of a memory word of the image, at least: a burst of narrower ones is slow."""
LOGIT_WORD = 32
"""Bits of a memory word of a logit, at least."""


class Border(StrEnum):
    """How images come and logits leave; control is AXI4-Lite either way."""

    STREAM = "axis"
    MEMORY = "m_axi"


@dataclass(frozen=True, slots=True)
class TopPort:
    """One side of the border.

    Attributes:
        argument: of the top.
        declaration: that argument with its type.
        interface: its pragma.
        bits: of a beat or of a word of memory.
        process: the function behind it.
    """

    argument: str
    declaration: str
    interface: str
    bits: int
    process: Process


def axis_bits(channel: Channel) -> int:
    """Bits of TDATA of a channel: whole bytes."""
    return -(-channel.link.stream.data_bits // 8) * 8


def word_bits(channel: Channel, least: int) -> int:
    """Bits of a memory word that holds a beat: a power of two."""
    return max(least, 1 << (channel.link.stream.data_bits - 1).bit_length())


def ports(net: Dataflow, border: Border) -> tuple[TopPort, TopPort]:
    """Where images come in and logits go out."""
    return _port(net.input, border, source=True), _port(net.output, border, source=False)


def _port(channel: Channel, border: Border, *, source: bool) -> TopPort:
    name = "image" if source else "logits"
    side, beat_name = ("in", "out_beat") if source else ("out", "in_beat")
    stream = channel.link.stream
    parameters = {"frame_beats": stream.frame_beats}
    if border is Border.STREAM:
        parameters["axis_bits"] = bits = axis_bits(channel)
        argument = "s_axis" if source else "m_axis"
        kind = f"hls::stream<ap_axiu<{bits}, 0, 0, 0>>& "
        interface = f"INTERFACE mode=axis port={argument}"
        function = f"axis_{side}"
    else:
        parameters["word_bits"] = bits = word_bits(channel, IMAGE_WORD if source else LOGIT_WORD)
        argument = name
        kind = f"{'const ' if source else ''}ap_uint<{bits}>* "
        interface = (
            f"INTERFACE mode=m_axi port={argument} offset=slave bundle=gmem_{name} "
            f"depth={stream.frame_beats}"
        )
        function = f"memory_{side}"
    if not source:
        parameters["signed"] = int(stream.tensor.signed)
    cfg = ("struct Cfg {", *constants(parameters), f"  using {beat_name} = {channel.beat};", "};")
    ends = (argument,), (channel.name,)
    inputs, outputs = ends if source else ends[::-1]
    # No layer bears the name of a stream of the top.
    process = Process("s_axis" if source else "m_axis", function, inputs, outputs, (), cfg)
    return TopPort(argument, kind + argument, interface, bits, process)


def top_text(net: Dataflow, border: Border, origin: Sequence[str]) -> str:
    """`network.cpp`: one frame a call; frames overlap, as each function starts when it can."""
    image, logits = ports(net, border)
    whole = Dataflow(
        (image.process, *net.processes, logits.process), net.channels, net.input, net.output
    )
    head = f'extern "C" void {TOP}('
    lines = [
        "// SPDX-License-Identifier: Apache-2.0",
        *(f"// {line}".rstrip() for line in origin),
        *_description(net, border),
        *includes(whole),
        "",
        *plumbing(whole),
        f"{head}{image.declaration},",
        f"{' ' * len(head)}{logits.declaration}) {{",
        f"#pragma HLS {image.interface}",
        f"#pragma HLS {logits.interface}",
    ]
    if border is Border.MEMORY:
        lines += [
            f"#pragma HLS INTERFACE mode=s_axilite port={x.argument} bundle=control"
            for x in (image, logits)
        ]
    lines += [
        "#pragma HLS INTERFACE mode=s_axilite port=return bundle=control",
        "#pragma HLS INTERFACE mode=ap_ctrl_chain port=return bundle=control",
        "#pragma HLS DATAFLOW",
    ]
    for channel in net.channels:
        lines += [
            f'  hls::stream<{channel.beat}> {channel.name}("{channel.link.name}");',
            f"#pragma HLS STREAM variable={channel.name} depth={channel.depth}",
        ]
    lines += ["", *(f"  {line}" for x in whole.processes for line in _wrapped(x.call())), "}"]
    return "\n".join(lines) + "\n"


def _description(net: Dataflow, border: Border) -> Iterator[str]:
    image, logits = net.input.link.stream, net.output.link.stream
    way = "a beat of AXI4-Stream" if border is Border.STREAM else "a word of memory"
    yield (
        f"// Image in: {image.frame_beats} times {way}, each {image.columns} pixels of "
        "interleaved RGB bytes."
    )
    yield f"// Logits out: {logits.frame_beats} times {way}, each one integer. One frame a call."


def _wrapped(call: str) -> Iterator[str]:
    """A call in lines of at most 96 characters, cut at its arguments."""
    head, _, rest = call.partition("(")
    line = head + "("
    for part in rest.split(", "):
        text = part if part.endswith(");") else part + ", "
        if len(line) + len(text) > 96:
            yield line.rstrip()
            line = "    "
        line += text
    yield line
