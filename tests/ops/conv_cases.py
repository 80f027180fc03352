# SPDX-License-Identifier: Apache-2.0
"""Convolutions and foldings for the tests of `conv`, small but of every shape."""

from dataclasses import dataclass

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from firebrick.hardware.memory import MemoryKind
from firebrick.hardware.tensor import MULTIPLIER_BITS, IntArray, TensorType
from firebrick.ops.conv.encode import Deal
from firebrick.ops.conv.engine import ConvEngine
from firebrick.ops.conv.operator import BIAS_BITS, Conv
from firebrick.ops.folding import Folding, Placement

LUT, BLOCK, ULTRA = MemoryKind


@dataclass(frozen=True)
class Case:
    """Geometry, numbers and folding; contents are drawn from `seed`."""

    channels: tuple[int, int]
    size: tuple[int, int]  # input height, width
    kernel: int = 1
    stride: int = 1
    pad: int = 0
    out_size: tuple[int, int] | None = None  # as large as windows fit inside, with pad around
    in_bits: int = 8
    in_signed: bool = False
    out_bits: int = 8
    out_signed: bool = False
    out_narrow: bool = False
    code_bits: int = 6
    value_bits: int = 8
    density: float = 0.4
    powers: bool = False  # multipliers are powers of two: many sums lie between two outputs
    shift: int | None = None  # by the sums
    fire: bool = False  # the first half of the outputs has centre taps only
    lanes: int = 1
    columns: int = 4
    drain: int = 1
    gap_bits: int = 3
    queue_depth: int = 32
    store_zeros: bool = False
    deal: str = "channels"  # what lanes own: whole "channels", "taps", single "weights"
    idle: int = 0  # so many of the lanes own nothing
    dual: bool = False
    tight: bool = False
    fabric: int = 0
    weights: MemoryKind = BLOCK
    lengths: MemoryKind = LUT
    requantize: MemoryKind = LUT
    rows: MemoryKind = BLOCK
    seed: int = 1


def conv(case: Case) -> Conv:
    """Draw the operator of a case."""
    rng = np.random.default_rng(case.seed)
    inputs, outputs = case.channels
    out_size = case.out_size or tuple(
        (n + 2 * case.pad - case.kernel) // case.stride + 1 for n in case.size
    )
    input_type = TensorType(inputs, *case.size, case.in_bits, case.in_signed)
    output_type = TensorType(outputs, *out_size, case.out_bits, case.out_signed, case.out_narrow)
    limit = 1 << (case.value_bits - 1)
    codebook = rng.integers(-limit, limit, rng.integers(2, 1 << case.code_bits, endpoint=True))
    codebook[0] = 0
    shape = (outputs, inputs, case.kernel, case.kernel)
    codes = rng.integers(1, len(codebook), shape) * (rng.random(shape) < case.density)
    if case.fire:
        centre = np.zeros(shape[2:], bool)
        centre[case.kernel // 2, case.kernel // 2] = True
        codes[: outputs // 2] *= centre
    # Scale the sums' spread to about the range of the output; some channels clamp.
    spread = max(1.0, np.sqrt(case.density * shape[1] * case.kernel**2) * limit * input_type.hi / 3)
    scale = (1 << case.out_bits) / spread
    shift = int(np.clip(np.floor(MULTIPLIER_BITS - 1 - np.log2(scale)), 0, 40))
    top = (1 << MULTIPLIER_BITS) - 1
    multiplier = np.clip(scale * 2.0**shift * rng.uniform(0.2, 2, outputs), 0, top)
    if case.powers:
        shift = MULTIPLIER_BITS  # at least one bit of each sum is dropped
        dropped = np.rint(-np.log2(scale * rng.uniform(0.2, 2, outputs)))
        multiplier = 2 ** (shift - np.clip(dropped, 1, shift))
    if case.shift is not None:
        shift = case.shift
    bound = min(spread, (1 << (BIAS_BITS - 1)) - 1)
    return Conv(
        "layer",
        input_type,
        output_type,
        case.kernel,
        case.stride,
        case.pad,
        codes.astype(np.uint8),
        codebook.astype(np.int64),
        case.code_bits,
        case.value_bits,
        rng.uniform(-bound, bound, outputs).astype(np.int64),
        multiplier.astype(np.int64),
        shift,
    )


def owners(case: Case, rng: np.random.Generator) -> IntArray:
    """Deal weights to lanes at random, as the case says."""
    inputs, outputs = case.channels
    shape = (outputs, inputs, case.kernel, case.kernel)
    lanes = rng.permutation(case.lanes)[case.idle :]
    if case.deal == "channels":
        return np.broadcast_to(rng.choice(lanes, inputs)[:, None, None], shape).copy()
    if case.deal == "taps":
        return np.broadcast_to(rng.choice(lanes, shape[1:]), shape).copy()
    return rng.choice(lanes, shape)


def engine(case: Case) -> ConvEngine:
    """Draw the engine of a case: weights dealt out at random, channels in random order."""
    operator = conv(case)
    rng = np.random.default_rng(case.seed + 1)
    inputs, outputs = case.channels
    folding = Folding(
        case.columns,
        case.lanes,
        case.drain,
        case.gap_bits,
        case.queue_depth,
        store_zeros=case.store_zeros,
        dual=case.dual,
        fabric=case.fabric,
        placement=Placement(case.weights, case.lengths, case.requantize, case.rows),
        tight=case.tight,
    )
    deal = Deal.of(operator, folding, owners(case, rng))
    orders = [tuple(int(n) for n in rng.permutation(count)) for count in (inputs, outputs)]
    return ConvEngine(operator, folding, deal, *orders)


CASES = {
    "squeeze": Case((12, 5), (4, 9), lanes=2, columns=4),
    "fire_expand": Case((6, 16), (6, 11), 3, 1, 1, fire=True, lanes=2, columns=4, drain=2),
    "stem_7x7_2": Case((3, 6), (17, 19), 7, 2, lanes=3, columns=3, drain=3),
    "right_pad_only": Case(
        (2, 3), (6, 7), 3, 2, out_size=(3, 4), lanes=2, columns=2, in_signed=True, density=0.8,
        in_bits=4, value_bits=5, powers=True,
    ),
    "wider_than_the_row": Case((3, 4), (5, 7), 5, 2, 2, lanes=1, columns=8, drain=3, gap_bits=0),
    "one_column_many_lanes": Case(
        (8, 6), (5, 4), 3, 1, 1, lanes=21, columns=1, deal="taps", gap_bits=1, out_signed=True,
        in_bits=4, value_bits=4, powers=True,
    ),
    "one_of_everything": Case((1, 1), (1, 1), columns=1, density=1.0),
    "tight_squeeze": Case((12, 5), (5, 9), lanes=2, columns=4, drain=4, tight=True),
    "tight_expand": Case((4, 9), (6, 11), 3, 1, 1, fire=True, lanes=2, columns=6, tight=True),
    "tight_stem": Case((3, 6), (9, 13), 5, 2, 2, lanes=3, columns=3, drain=3, tight=True),
    "fewer_rows_than_the_ring": Case(
        (2, 4), (2, 6), 5, 1, 2, out_size=(4, 8), lanes=2, columns=3, gap_bits=2
    ),
    "more_segments_than_beats": Case(
        (2, 3), (4, 4), 2, 1, 1, out_size=(5, 5), lanes=2, columns=4, density=0.9
    ),
    "shallow_queue": Case((6, 9), (4, 12), 3, 1, 1, lanes=3, columns=4, queue_depth=3),
    "drain_bound": Case(
        (2, 12), (4, 16), 1, lanes=2, columns=8, drain=2, queue_depth=8, density=0.5
    ),
    "zeros_stored": Case((3, 8), (4, 8), 3, 2, 1, fire=True, lanes=3, store_zeros=True, gap_bits=0),
    "narrow_numbers": Case(
        (5, 7), (4, 6), 3, 1, 1, in_bits=3, in_signed=True, out_bits=2, out_signed=True,
        code_bits=2, value_bits=3, lanes=2, columns=2, drain=2, powers=True,
    ),
    "all_in_luts": Case(
        (6, 16), (6, 11), 3, 1, 1, fire=True, lanes=2, columns=5, drain=2, dual=True, fabric=2,
        deal="weights", weights=LUT, rows=LUT,
    ),
    "all_in_blocks": Case(
        (5, 9), (6, 10), 3, 2, 1, lanes=3, columns=4, dual=True, deal="weights", gap_bits=2,
        lengths=BLOCK, requantize=BLOCK,
    ),
    "ultra": Case(
        (6, 12), (6, 11), 3, 1, 1, lanes=3, columns=4, dual=True, fabric=1, deal="taps",
        weights=ULTRA, rows=ULTRA,
    ),
    "ultra_words_alone": Case(
        (4, 5), (5, 9), 1, 2, lanes=2, columns=2, drain=2, gap_bits=5, code_bits=8, in_signed=True,
        fabric=2, weights=ULTRA, rows=BLOCK, density=0.3,
    ),
    "idle_lanes": Case((4, 6), (5, 13), 3, 2, 1, lanes=4, columns=2, idle=2, deal="weights"),
    "only_idle_lanes": Case(
        (2, 3), (3, 4), lanes=2, columns=2, drain=2, density=0.0, out_signed=True, shift=40
    ),
    "nine_bits": Case((3, 4), (5, 9), 3, 2, 1, in_bits=9, in_signed=True, out_bits=9, columns=5),
    "without_the_lowest": Case(
        (12, 5), (4, 9), lanes=2, drain=4, out_bits=3, out_signed=True, out_narrow=True
    ),
    "without_the_highest": Case((12, 5), (4, 9), lanes=2, drain=4, out_bits=3, out_narrow=True),
    "linear": Case(
        (24, 10), (1, 1), lanes=4, columns=1, dual=True, deal="weights", density=0.9,
        out_bits=16, out_signed=True, powers=True,
    ),
    "linear_clamped": Case((9, 4), (1, 1), lanes=2, columns=1, density=0.9, out_bits=16),
    "kernel_below_stride": Case((3, 4), (6, 11), 2, 3, 1, lanes=2, columns=2, drain=2, gap_bits=1),
}  # fmt: skip
"""Every geometry that the engine treats in its own way, small."""


def _output_sizes(size: int, kernel: int, stride: int, pad: int) -> list[int]:
    """Legal output sizes: windows start inside the image and leave no stride of it unused."""
    tops = [(out, (out - 1) * stride - pad) for out in range(1, size + pad + 1)]
    return [out for out, top in tops if top < size < top + kernel + stride]


@st.composite
def draw_cases(draw: st.DrawFn, seeds: int = 0, *, real: bool = False) -> Case:
    """Any legal case, small; contents from a seed at or above `seeds`.

    With `real`, one that uses what an engine has: windows of several pixels that overlap the border
    or step on by several, several lanes that all have weights, several beats a row, the last of
    which has padding.
    """

    def number(low: int, high: int) -> int:
        return draw(st.integers(low, high))

    kernel = number(2, 5) if real else number(1, 7)
    stride, pad = number(1, 3), number(0, kernel - 1)
    assume(not real or stride > 1 or pad > 0)
    least = max(1, -(-(kernel - stride - pad) // stride))
    columns = number(max(2, least), max(3, least)) if real else number(least, max(least, 8))
    beat = columns * stride
    width = beat * number(1, 2) + number(1, beat - 1) if real else number(1, 14)
    size = (number(4 if real else 1, 9), width)
    heights, widths = (_output_sizes(n, kernel, stride, pad) for n in size)
    assume(heights and widths)
    channels = (number(2, 6), number(3, 8)) if real else (number(1, 8), number(1, 10))
    in_bits, value_bits, in_signed = number(2, 9), number(2, 8), draw(st.booleans())
    shared = not in_signed and in_bits + value_bits <= 16 and 2 * in_bits + value_bits <= 24
    lanes = number(2, 4) if real else number(1, min(5, channels[0] * kernel**2))
    return Case(
        channels,
        size,
        kernel,
        stride,
        pad,
        (draw(st.sampled_from(heights)), draw(st.sampled_from(widths))),
        in_bits=in_bits,
        in_signed=in_signed,
        out_bits=number(2, 9),
        out_signed=draw(st.booleans()),
        out_narrow=draw(st.booleans()),
        code_bits=number(2, 8),
        value_bits=value_bits,
        density=draw(st.sampled_from((0.3, 0.6, 1.0) if real else (0.05, 0.3, 0.6, 1.0))),
        powers=draw(st.booleans()),
        fire=draw(st.booleans()),
        lanes=lanes,
        columns=columns,
        drain=number(1, columns),
        gap_bits=number(0, 7),
        queue_depth=draw(st.sampled_from((2, 4, 8, 32))),
        store_zeros=draw(st.booleans()),
        deal=draw(st.sampled_from(("channels", "taps", "weights"))),
        idle=draw(st.sampled_from((0, 0, lanes - 1))) if not real else 0,
        dual=shared and draw(st.booleans()),
        fabric=draw(st.sampled_from((0, columns, columns // 2))),
        weights=draw(st.sampled_from(MemoryKind)),
        lengths=draw(st.sampled_from((LUT, BLOCK))),
        requantize=draw(st.sampled_from((LUT, BLOCK))),
        rows=draw(st.sampled_from(MemoryKind)),
        seed=number(seeds, seeds + 999),
    )
