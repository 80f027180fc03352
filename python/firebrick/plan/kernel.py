# SPDX-License-Identifier: Apache-2.0
"""A network as a kernel: what a shell's parameters and a driver depend on.

A kernel fetches images from memory and writes logits there, or takes and gives AXI4-Streams. See
``docs/shell.md``.
"""

from __future__ import annotations

from dataclasses import dataclass

from firebrick.ir.network import Network
from firebrick.plan.pipeline import Pipeline

ALIGNMENT = 64
"""Bytes of which every address and stride is a multiple."""
WORD_BYTES = 16
"""Bytes that a word of weights takes in memory."""
LOGIT_BYTES = 4
DATA_BITS = (32, 64, 128, 256, 512)
"""Widths of the memory bus."""
SPARE = 2
"""A bus carries this times what the plan's cycles need."""
LATENCY = 256
"""Cycles of the memory's latency that reads in flight are to hide."""
BUS_PARAMETERS = ("data_bits", "read_depth")
"""Parameters that only a shell with a memory bus has."""
READ_DEPTHS = (32, 64, 128, 256)
"""Words that may be in flight."""


@dataclass(frozen=True, slots=True)
class Kernel:
    """A network as a kernel: everything that a shell's parameters and a driver depend on.

    Attributes:
        height: rows of an image.
        width: pixels of a row.
        channels: of a pixel.
        pixels: of a beat, a power of two.
        classes: logits of a frame.
        logit_bits: of one logit.
        logit_signed: whether it has a sign.
        load_words: words of weights to be loaded; mostly 0.
        cycles: per frame, as planned.
        model_hash: 32 hexadecimal digits.
    """

    height: int
    width: int
    channels: int
    pixels: int
    classes: int
    logit_bits: int
    logit_signed: bool
    load_words: int
    cycles: int
    model_hash: str

    @property
    def pixel_bytes(self) -> int:
        """Bytes of a pixel in memory."""
        return 1 << (self.channels - 1).bit_length()

    @property
    def beat_bytes(self) -> int:
        """Bytes of a beat in memory."""
        return self.pixels * self.pixel_bytes

    @property
    def image_bytes(self) -> int:
        """Bytes of an image, whole beats."""
        return self.height * -(-self.width // self.pixels) * self.beat_bytes

    @property
    def image_stride(self) -> int:
        """Bytes from image to image."""
        return _aligned(self.image_bytes)

    @property
    def logits_stride(self) -> int:
        """Bytes from one frame's logits to the next one's."""
        return _aligned(self.classes * LOGIT_BYTES)

    @property
    def weights_bytes(self) -> int:
        """Bytes of the weights to be loaded."""
        return _aligned(self.load_words * WORD_BYTES)

    @property
    def data_bits(self) -> int:
        """Width of the memory bus: the least that has time to spare, or the widest."""
        need = 8 * SPARE * (self.image_stride + self.logits_stride)
        return next((x for x in DATA_BITS if x * self.cycles >= need), DATA_BITS[-1])

    @property
    def read_depth(self) -> int:
        """Words that may be in flight: enough to hide the latency at the rate the plan needs."""
        need = 8 * SPARE * self.image_stride * LATENCY
        depths = (x for x in READ_DEPTHS if x * self.data_bits * self.cycles >= need)
        return next(depths, READ_DEPTHS[-1])

    def parameters(self) -> dict[str, int]:
        """Parameters of ``shell``; those of ``stream_shell`` are all but `BUS_PARAMETERS`."""
        return {
            "channels": self.channels,
            "height": self.height,
            "width": self.width,
            "pixels": self.pixels,
            "classes": self.classes,
            "logit_bits": self.logit_bits,
            "logit_signed": int(self.logit_signed),
            "load_words": self.load_words,
            **{f"model_hash{n}": int(self.model_hash[8 * n :][:8], 16) for n in range(4)},
            **{name: getattr(self, name) for name in BUS_PARAMETERS},
        }

    def fields(self) -> dict[str, object]:
        """For the manifest."""
        return {
            "data_bits": self.data_bits,
            "read_depth": self.read_depth,
            "height": self.height,
            "width": self.width,
            "channels": self.channels,
            "pixels": self.pixels,
            "pixel_bytes": self.pixel_bytes,
            "image_stride": self.image_stride,
            "logits_stride": self.logits_stride,
            "classes": self.classes,
            "logit_bits": self.logit_bits,
            "load_words": self.load_words,
            "weights_bytes": self.weights_bytes,
        }


def _aligned(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT


def kernel_of(network: Network, pipeline: Pipeline, cycles: int) -> Kernel | None:
    """The kernel of a network, if memory can hold its images and its logits as kernels lay them.

    Images are bytes, the pixels of a beat a power of two; the output is one vector
    of values of at most 32 bits. A network out of a classifier's middle is none such.

    Args:
        network: that is built.
        pipeline: its instances and streams.
        cycles: per frame, as planned.
    """
    links = {link.name: link for link in pipeline.links}
    image, output = links[pipeline.input_link].stream, links[pipeline.output_link]
    logits, pixels = output.stream.tensor, image.columns
    bytes_in = (network.image.bits, network.image.signed) == (8, False)
    vector = logits.height * logits.width * output.stream.columns == 1
    fits = logits.bits + (not logits.signed) <= 8 * LOGIT_BYTES
    if not (bytes_in and vector and fits) or pixels & (pixels - 1):
        return None
    return Kernel(
        height=network.image.height,
        width=network.image.width,
        channels=network.image.channels,
        pixels=pixels,
        classes=logits.channels,
        logit_bits=logits.bits,
        logit_signed=logits.signed,
        load_words=sum(x.engine.load_count for x in pipeline.instances),
        cycles=cycles,
        model_hash=network.digest()[:32],
    )
