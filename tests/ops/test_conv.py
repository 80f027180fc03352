# SPDX-License-Identifier: Apache-2.0
from dataclasses import fields, replace
from pathlib import Path
from string import ascii_lowercase

import numpy as np
import pyslang
import pytest
from conv_cases import CASES, ULTRA, Case, conv, draw_cases, engine
from conv_limits import CFG, LIMITS, Limit
from hls_tests import Bench, hls_tests
from hypothesis import HealthCheck, given, settings
from rtl_tests import AT_ONCE

import hls_engines
from firebrick.errors import CheckFailed, FirebrickError
from firebrick.hardware.memory import LOAD_BITS, Memory
from firebrick.hardware.stream import StreamType
from firebrick.hardware.tensor import MULTIPLIER_BITS
from firebrick.ops.conv.encode import Deal
from firebrick.ops.conv.engine import ConvEngine
from firebrick.ops.conv.folding import may_share_slices
from firebrick.ops.conv.operator import BIAS_BITS
from firebrick.ops.conv.schedule import row_cycles
from firebrick.ops.conv.shape import ring
from firebrick.ops.folding import Placement
from firebrick.verify.check import Measured, check_engine, random_tensor
from firebrick.verify.simulation.sources import closure
from hls_functions import Refused

REFUSED = Refused(hls_engines.conv(), CFG)
FOREVER = 1 << 40
LATENCY = 1
"""A frame that comes right after the reset finds the lanes still reading their first lengths."""
DRAINED = {"squeeze": 16, "drain_bound": 15}
"""Cases whose queues fill up over the rows: so much faster than `timing()` is their first frame."""


def bench(dut: ConvEngine) -> Bench:
    stream = StreamType(dut.operator.input, dut.in_columns[0])
    tensor = random_tensor(np.random.default_rng(3), stream, 4)
    return Bench(dut, [tensor], seed=5, in_orders=[dut.in_order], out_order=dut.out_order)


def bench_of(case: Case | Limit) -> Bench:
    return case.bench() if isinstance(case, Limit) else bench(engine(case))


def check(
    run: Bench, folder: Path, build_root: Path, period_slack: int, latency_slack: int
) -> Measured:
    return check_engine(
        run.engine,
        run.inputs,
        folder,
        build_root,
        in_orders=run.in_orders,
        out_order=run.out_order,
        seed=run.seed,
        period_slack=period_slack,
        latency_slack=latency_slack,
    )


ALL = {**CASES, **LIMITS}


@pytest.mark.parametrize("name", ALL)
def test_rtl(name: str, tmp_path: Path, build_root: Path) -> None:
    measured = check(bench_of(ALL[name]), tmp_path, build_root, 0, DRAINED.get(name, LATENCY))
    if name not in DRAINED:  # later than predicted, never earlier
        assert 0 <= measured.first - measured.predicted_first <= LATENCY


def check_random(case: Case, folder: Path, build_root: Path) -> None:
    """Any geometry computes the right values; its cycles are exact where it waits for no rows."""
    dut = engine(case)
    timing = dut.timing()
    measured = check(bench(dut), folder, build_root, FOREVER, FOREVER)
    if len(dut.row_cycles.steady) == 1:
        # While it waits, the queues empty, and the next row may be faster than the steady one.
        assert measured.period <= measured.predicted_period
        if measured.predicted_period == sum(timing.cycles):
            assert measured.period == measured.predicted_period


RANDOM = settings(
    deadline=None,
    derandomize=True,
    print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@settings(AT_ONCE, max_examples=3)
@given(case=draw_cases(real=True))
def test_rtl_of_any_geometry(
    case: Case, tmp_path_factory: pytest.TempPathFactory, build_root: Path
) -> None:
    check_random(case, tmp_path_factory.mktemp("any"), build_root)


@pytest.mark.slow
@settings(RANDOM, max_examples=80)
@given(case=draw_cases(seeds=1000))
def test_rtl_of_many_geometries(
    case: Case, tmp_path_factory: pytest.TempPathFactory, build_root: Path
) -> None:
    check_random(case, tmp_path_factory.mktemp("many"), build_root)


test_hls, test_hls_more, test_hls_drawn, test_hls_drawn_more = hls_tests(
    bench_of, ALL, {}, draw_cases(), draw_cases(real=True)
)


class Flipped(ConvEngine):
    """An engine with one wrong bit in one memory."""

    suffix = ""

    def memories(self) -> dict[str, Memory]:
        images = ConvEngine.memories(self)
        image = images[self.suffix]
        images[self.suffix] = Memory(image.width, (image.words[0] ^ 1, *image.words[1:]))
        return images


@pytest.mark.parametrize("suffix", ["weights0a", "positions1", "channels", "requantize"])
def test_check_sees_a_flipped_bit(suffix: str, tmp_path: Path, build_root: Path) -> None:
    """Same model as `fire_expand`, other contents."""
    good = engine(CASES["fire_expand"])
    bad = type("Bad", (Flipped,), {"suffix": suffix})(
        *(getattr(good, field.name) for field in fields(ConvEngine))
    )
    with pytest.raises(CheckFailed, match="values differ"):
        check(bench(bad), tmp_path, build_root, FOREVER, FOREVER)


def words_of(dut: ConvEngine, name: str) -> list[int]:
    """Words of a memory of any kind: one image, one for each chunk, or loaded words."""
    images = dut.memories()
    if name in images:
        return list(images[name].words)
    if name.startswith("weights") and dut.folding.placement.weights is ULTRA:
        words = dut.load_words()
        depth = len(words) // dut.folding.lanes
        return list(words[int(name[7:]) * depth :][:depth])
    chunks = [images[name + x].words for x in ascii_lowercase if name + x in images]
    sizes = [len(words) for words in chunks]
    assert sizes == sorted(sizes, reverse=True)
    assert all(size in (512, 1024, 2048, 4096) for size in sizes[:-1])
    assert 0 < sizes[-1] <= 4096  # the last one of LUTs is as large as what is left
    return [word for words in chunks for word in words]


def stored_weights(dut: ConvEngine) -> np.ndarray:
    """Weights as the hardware reads them, rebuilt from parameters and memory images alone."""
    shape, images = dut.parameters(), dut.memories()
    codebook = np.array(images["codebook"].words)
    codebook -= (codebook >> (shape["value_bits"] - 1)) << shape["value_bits"]
    entry_bits = shape["code_bits"] + shape["gap_bits"]
    kernel, segments = shape["kernel"], -(-shape["out_width"] // shape["columns"])
    ring = max(kernel, shape["stride"]) + shape["stride"]
    bank_bits = (ring * shape["lane_channels"] * segments - 1).bit_length()
    tap_bits = max(1, (kernel - 1).bit_length())
    weights = np.zeros((shape["out_channels"], shape["in_channels"], kernel, kernel), np.int64)
    for lane in range(shape["lanes"]):
        places = [
            word >> (lane * (bank_bits + 1)) & ((2 << bank_bits) - 1)
            for word in images["channels"].words
        ]
        channel_at = {
            place - (1 << bank_bits): dut.in_order[n]
            for n, place in enumerate(places)
            if place >> bank_bits
        }
        entries = iter(
            word >> (place * entry_bits) & (1 << entry_bits) - 1
            for word in words_of(dut, f"weights{lane}")
            for place in range(shape["pack"])
        )
        places = words_of(dut, f"positions{lane}")
        lengths = words_of(dut, f"lengths{lane}")[: len(dut.out_order)]
        for channel, length in zip(dut.out_order, lengths, strict=True):
            position = -1
            for _ in range(length + 1):
                entry = next(entries)
                position += (entry >> shape["code_bits"]) + 1
                place = places[position]
                row, tap = place >> (bank_bits + tap_bits), place >> bank_bits & (1 << tap_bits) - 1
                value = codebook[entry & (1 << shape["code_bits"]) - 1]
                if value:  # not a filler, which in an idle lane has no channel
                    weights[channel, channel_at[place & (1 << bank_bits) - 1], row, tap] += value
    return weights


@settings(RANDOM, max_examples=150)
@given(case=draw_cases())
def test_memories_hold_the_weights(case: Case) -> None:
    dut = engine(case)
    assert np.array_equal(stored_weights(dut), dut.operator.weights)
    for memory in dut.memories().values():
        assert all(0 <= word < 1 << memory.width for word in memory.words)
    assert all(0 <= word < 1 << LOAD_BITS for word in dut.load_words())
    bits = dut.content_bits()
    assert all(size >= 0 for size in bits.values())
    loaded = LOAD_BITS * len(dut.load_words())
    assert sum(bits.values()) == sum(x.bits for x in dut.memories().values()) + loaded


def test_parameters_are_those_declared() -> None:
    assert tuple(engine(CASES["squeeze"]).parameters()) == ConvEngine.PARAMETERS


def item_by_item(dut: ConvEngine, rows: int) -> list[int]:
    """Start of each row, from the rules in `conv_sequence.sv` and `conv_drain.sv`."""
    entries = np.repeat(dut.entries().T, dut.shape.segments, axis=0)
    groups = dut.shape.groups
    starts, pops = [0], [-1]
    for _ in range(rows):
        issued = [starts[-1] + 1] * dut.folding.lanes
        for item in entries:
            credit = pops[-dut.folding.queue_depth] if len(pops) > dut.folding.queue_depth else -1
            issued = [max(a, credit) + int(n) for a, n in zip(issued, item, strict=True)]
            pops.append(max(max(issued) + 13, pops[-1] + 1) + groups - 1)
        starts.append(max(max(issued) + 1, starts[-1] + 5))
    return starts


@settings(RANDOM, max_examples=100)
@given(case=draw_cases())
def test_cycles_are_those_of_a_walk_item_by_item(case: Case) -> None:
    dut = engine(case)
    steady = list(dut.row_cycles.steady)
    walked = np.diff(item_by_item(dut, 300)).tolist()[-len(steady) :]
    assert walked in [steady[n:] + steady[:n] for n in range(len(steady))]


@pytest.mark.parametrize(
    ("depth", "groups", "items", "length"), [(16, 20, 1, 16), (16, 20, 2, 18), (64, 9, 3, 8)]
)
def test_rows_of_few_items_are_as_slow_as_the_drain(
    depth: int, groups: int, items: int, length: int
) -> None:
    """However many rows it takes until it has fallen so far behind that lanes wait."""
    assert items * length < items * groups
    found = row_cycles(np.full((items, 1), length), 1, depth, groups)
    assert found.steady == (items * groups,)


def test_expand1x1_needs_no_fillers() -> None:
    """Centre taps come first, so the squeeze side of a Fire's expand is stored gap-free."""
    dut = engine(replace(CASES["fire_expand"], density=1.0, lanes=1, gap_bits=0))
    first = dut.operator.output.channels // 2
    centre_only = [n for n, channel in enumerate(dut.out_order) if channel < first]
    kept = np.count_nonzero(dut.operator.weights[:first])
    missing = dut.operator.codes[:first].astype(bool).sum() - kept  # values 0 in the codebook
    assert dut.entries()[0, centre_only].sum() <= kept + missing


def test_stored_zeros_cost_what_density_saves() -> None:
    case = replace(CASES["zeros_stored"], channels=(24, 8), gap_bits=2, density=0.1)
    pruned, full = (engine(replace(case, store_zeros=flag)) for flag in (False, True))
    weights = pruned.operator.weights
    structure = np.broadcast_to((weights != 0).any(axis=1, keepdims=True), weights.shape)
    assert full.entries().sum() >= structure.sum() > 2 * pruned.operator.nonzero
    assert full.content_bits()["codes"] > pruned.content_bits()["codes"]
    assert full.timing().cycles[0] > pruned.timing().cycles[0]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"lanes": 200}, "lanes=200 exceeds 54 weights a channel"),
        ({"lanes": 0}, "lanes=0 is less than 1"),
        ({"columns": 0}, "columns=0 is less than 1"),
        ({"drain": 5}, "drain=5 is not in 1..4"),
        ({"gap_bits": 8}, "gap_bits=8 is not in 0..7"),
        ({"queue_depth": 1}, "queue_depth=1 is less than 2"),
        ({"lanes": 1}, r"owner=\(16, 6, 3, 3\) does not name one of 1 lanes for each weight"),
        ({"owner": np.zeros((6, 3))}, r"owner=\(6, 3\) does not name one of 2 lanes"),
        ({"fabric": 5}, "fabric=5 is not in 0..4"),
        ({"placement": Placement(lengths=ULTRA)}, "lengths=ULTRA is not initialised"),
        ({"placement": Placement(requantize=ULTRA)}, "requantize=ULTRA is not initialised"),
        ({"in_order": (0,) * 6}, "in_order=6 channels are not a permutation of 6"),
        ({"out_order": (1,)}, "out_order=1 channels are not a permutation of 16"),
    ],
)
def test_wrong_folding_names_field_value_and_rule(change: dict[str, object], text: str) -> None:
    good = engine(CASES["fire_expand"])
    names = ("owner", "in_order", "out_order")
    owner, *orders = (change.get(x, getattr(good, x, good.deal.owner)) for x in names)
    folded = {name: value for name, value in change.items() if name not in names}
    folding = replace(good.folding, **folded)
    with pytest.raises(FirebrickError, match=f"conv 'layer': {text}"):
        ConvEngine(good.operator, folding, Deal.of(good.operator, folding, owner), *orders)


def test_a_deal_of_another_layer_is_refused() -> None:
    good, other = engine(CASES["fire_expand"]), engine(CASES["squeeze"])
    with pytest.raises(FirebrickError, match="deal='layer' is another layer's"):
        replace(good, deal=other.deal)


@pytest.mark.parametrize("change", [{"lanes": 1}, {"gap_bits": 4}, {"store_zeros": True}])
def test_a_deal_of_another_folding_is_refused(change: dict[str, int]) -> None:
    good = engine(CASES["fire_expand"])
    with pytest.raises(FirebrickError, match=r"folding=\(.*\) is not that of the deal"):
        replace(good, folding=replace(good.folding, **change))


def test_halo_wider_than_a_beat_is_refused() -> None:
    with pytest.raises(FirebrickError, match=r"columns=2 gives beats of 4 pixels, less than"):
        engine(replace(CASES["stem_7x7_2"], columns=2, drain=1))


@pytest.mark.parametrize("lane", [0, 9, 10, 47, 99, 100, 123, 999])
def test_memories_are_named_by_the_lane_in_decimal(lane: int) -> None:
    """More lanes than any simulated case has."""
    compilation = pyslang.ast.Compilation()
    top = f"module top;\nconv_weights #(.LANE({lane})) u_weights ();\nendmodule"
    for tree in map(pyslang.syntax.SyntaxTree.fromFile, map(str, closure([top]))):
        compilation.addSyntaxTree(tree)
    compilation.addSyntaxTree(pyslang.syntax.SyntaxTree.fromText(top))
    for memory in ("weights", "lengths", "positions"):
        part = "gen_rom.u_weights" if memory == "weights" else f"u_{memory}"
        prefix = compilation.getRoot().lookupName(f"top.u_weights.{part}.PREFIX").value
        assert prefix.convertToStr().value == f"conv.{memory}{lane}"


@pytest.mark.parametrize(
    ("weight", "bias", "bits"),
    [
        (64, 0, 15),  # up to 16320
        (-64, 0, 15),  # down to -16320
        (-64, -64, 15),  # down to -2^14
        (-64, -65, 16),
        (64, 63, 15),  # up to 2^14 - 1
        (64, 64, 16),
        (64, -20_000, 16),  # large before the bias comes, and after
        (-64, 20_000, 16),
        (64, -8_190, 15),  # larger before the bias comes than after
        (-64, 8_190, 15),
    ],
)
def test_accumulator_holds_what_is_summed_and_no_bit_more(
    weight: int, bias: int, bits: int
) -> None:
    plain = conv(replace(CASES["squeeze"], channels=(1, 1)))
    operator = replace(
        plain,
        codes=np.ones_like(plain.codes),
        codebook=np.array([0, weight]),
        bias=np.array([bias]),
    )
    assert operator.acc_bits == bits


@pytest.mark.parametrize(
    ("bits", "value_bits", "shared"),
    [(8, 8, True), (9, 6, True), (9, 7, False), (9, 8, False), (10, 4, True), (10, 5, False)],
)
def test_products_share_a_slice_up_to_its_width(bits: int, value_bits: int, shared: bool) -> None:
    plain = conv(CASES["squeeze"])
    limit = 1 << (value_bits - 1)
    codebook = plain.codebook.clip(-limit, limit - 1)
    unsigned = replace(plain.input, bits=bits, signed=False)
    operator = replace(plain, input=unsigned, value_bits=value_bits, codebook=codebook)
    assert may_share_slices(operator) is shared
    signed = replace(operator, input=replace(unsigned, signed=True))
    assert not may_share_slices(signed)


@pytest.mark.parametrize(
    ("height", "kernel", "stride", "tight", "rows"),
    [(7, 3, 2, True, 3), (8, 3, 2, True, 4), (8, 3, 2, False, 5), (9, 1, 3, True, 3)],
)
def test_ring_holds_a_window_and_what_is_left_at_the_end(
    height: int, kernel: int, stride: int, tight: bool, rows: int
) -> None:
    out = (height - kernel) // stride + 1
    plain = conv(CASES["squeeze"])
    operator = replace(
        plain,
        input=replace(plain.input, height=height, width=height),
        output=replace(plain.output, height=out, width=out),
        kernel=kernel,
        stride=stride,
        codes=np.ones((*plain.codes.shape[:2], kernel, kernel), np.uint8),
    )
    assert ring(operator, tight=tight) == rows


def test_what_is_added_and_scaled_is_in_the_streams_order() -> None:
    dut = engine(CASES["fire_expand"])
    order = list(dut.out_order)
    assert order != sorted(order)
    words = words_of(dut, "requantize")[: len(order)]
    op = dut.operator
    assert [x & (1 << MULTIPLIER_BITS) - 1 for x in words] == op.multiplier[order].tolist()
    biases = [x >> MULTIPLIER_BITS for x in words]
    assert biases == [int(x) & (1 << BIAS_BITS) - 1 for x in op.bias[order]]
