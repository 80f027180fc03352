# SPDX-License-Identifier: Apache-2.0
"""The bench of the top for the vendor's simulations: pseudo-random frames, the reference's values.

The pixels are computed where the bench runs, so that no file of stimuli has to be found there.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from firebrick.emit.hls.dataflow import Channel, Dataflow
from firebrick.emit.hls.function import constants
from firebrick.emit.hls.tables import wrapped
from firebrick.emit.hls.top import Border, TopPort, ports
from firebrick.emit.rtl.network_top import TOP
from firebrick.hardware.stream import to_beats
from firebrick.hardware.tensor import IntArray, TensorType
from firebrick.ir.network import Network

FRAMES = 2
"""A second frame shows what the first one left behind."""
FACTOR, SUMMAND, SEED = 1664525, 1013904223, 1
"""The linear congruence modulo 2**32 of `vitis/testbench.hpp`."""


def random_values(count: int, bits: int) -> IntArray:
    """The first values that the bench draws: the high bits of each state."""
    state, values = SEED, np.empty(count, np.int64)
    for n in range(count):
        state = (state * FACTOR + SUMMAND) % (1 << 32)
        values[n] = state >> (32 - bits)
    return values


def random_frames(image: TensorType, pixels: int) -> IntArray:
    """The images that the bench sends, (N, C, H, W).

    Args:
        image: type of an image.
        pixels: pixels a beat; the last beat of a row is filled up with values that mean nothing.
    """
    width = -(-image.width // pixels) * pixels
    shape = (FRAMES, image.height, width, image.channels)
    values = random_values(int(np.prod(shape)), image.bits).reshape(shape)
    return values[:, :, : image.width].transpose(0, 3, 1, 2)


def expected_beats(network: Network, source: Channel, sink: Channel) -> IntArray:
    """What has to come out: (frames, values of a frame in the order of the stream)."""
    frames = random_frames(network.image, source.link.stream.columns)
    link = sink.link
    values = network.golden(frames)[network.output]
    return to_beats(values, link.stream.columns, link.order).reshape(FRAMES, -1)


def testbench_text(
    net: Dataflow, border: Border, expected: IntArray, image: TensorType, origin: Sequence[str]
) -> str:
    """`testbench.cpp`.

    Args:
        net: the network's functions and channels.
        border: how images come.
        expected: from `expected_beats`.
        image: type of an image.
        origin: lines of comment that say what it belongs to.
    """
    source, sink = ports(net, border)
    head = f'extern "C" void {TOP}('
    lines = [
        "// SPDX-License-Identifier: Apache-2.0",
        *(f"// {line}".rstrip() for line in origin),
        f"// Bench of {TOP} for the vendor's simulations: returns 0 if every value is right.",
        '#include "vitis/testbench.hpp"',
        "",
        f"{head}{source.declaration},",
        f"{' ' * len(head)}{sink.declaration});",
        "",
        *_shape("Image", net.input, source, {"bits": image.bits}),
        "",
        *_shape("Logits", net.output, sink, _logits(net.output)),
        "",
        "// Of each frame, in the order of the stream.",
        f"static const int expected[{FRAMES}][{expected.shape[1]}] = {{",
    ]
    for row in expected.tolist():
        lines += ["    {", *wrapped([str(x) for x in row], "     "), "    },"]
    lines += ["};", "", "int main() {", *_ports(border, source, sink), *_body(border, source, sink)]
    return "\n".join([*lines, "}"]) + "\n"


def _logits(channel: Channel) -> dict[str, int]:
    kind = channel.link.stream.tensor
    return {"width": kind.width, "bits": kind.bits, "signed": int(kind.signed)}


def _shape(name: str, channel: Channel, port: TopPort, more: dict[str, int]) -> list[str]:
    """A struct of constants, as `vitis/testbench.hpp` wants it."""
    stream = channel.link.stream
    values = {
        "frame_beats": stream.frame_beats,
        "values": stream.data_bits // more["bits"],
        "port_bits": port.bits,
    }
    return [f"struct {name} {{", *constants(values | more), "};"]


def _ports(border: Border, source: TopPort, sink: TopPort) -> list[str]:
    """What the top is called with."""
    if border is Border.STREAM:
        return [
            f'  hls::stream<ap_axiu<{x.bits}, 0, 0, 0>> {x.argument}("{x.argument}");'
            for x in (source, sink)
        ]
    # Static: a frame is large for a stack.
    return [
        f"  static ap_uint<{x.bits}> {x.argument}[{shape}::FRAME_BEATS];"
        for x, shape in ((source, "Image"), (sink, "Logits"))
    ]


def _body(border: Border, source: TopPort, sink: TopPort) -> list[str]:
    send, take = ("send", "receive") if border is Border.STREAM else ("store", "inspect")
    return [
        "  testbench::pixels<Image> pixels;",
        "  int wrong = 0;",
        f"  for (int frame = 0; frame < {FRAMES}; ++frame) {{",
        f"    pixels.{send}({source.argument});",
        f"    {TOP}({source.argument}, {sink.argument});",
        f"    wrong += testbench::{take}<Logits>({sink.argument}, expected[frame]);",
        "  }",
        f"  return testbench::verdict(wrong, {FRAMES});",
    ]
