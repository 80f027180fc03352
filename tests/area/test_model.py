# SPDX-License-Identifier: Apache-2.0
"""The area model against Yosys, on geometries that it was not fitted to."""

import math
import time
from collections.abc import Mapping
from dataclasses import replace
from itertools import islice

import pytest
from stored_counts import Stored, errors, load

from firebrick.area.coefficients import COEFFICIENTS
from firebrick.area.estimate import MODULES, estimate, parts
from firebrick.data import hardware_sources
from firebrick.emit.rtl.memories import memory_text
from firebrick.hardware.resources import Family, Resources
from firebrick.ops import ENGINES, PLUMBING
from firebrick.ops.conv.engine import ConvEngine
from firebrick.synth.calibrate.fit import SEED
from firebrick.synth.calibrate.geometries import draw_engines
from firebrick.synth.yosys.module import synthesize_module

UNSEEN = 7
BIG_ENGINE, SMALL_ENGINE, SUM = 0.10, 0.15, 0.05
"""Errors allowed: of engines of a thousand LUTs or more, of smaller ones, of many together."""
STREAMS: tuple[tuple[str, dict[str, int]], ...] = (
    ("fifo", {"width": 73, "depth": 60, "kind": 0}),
    ("broadcast", {"width": 99, "copies": 2}),
    (
        "regroup",
        {"channels": 32, "height": 28, "width": 28, "bits": 8, "in_columns": 7, "out_columns": 4},
    ),
)


def small_engines(most: int, *, ultra: bool) -> list[ConvEngine]:
    """Engines that Yosys is quick with."""
    engines = (
        x
        for x in islice(draw_engines(UNSEEN, ultra=ultra), 60)
        if x.multipliers <= most and x.parameters()["weight_depth"] <= 1500
    )
    return list(islice(engines, 6))


def compared(engine: ConvEngine, family: Family) -> tuple[Resources, Resources]:
    """What the model and Yosys say."""
    parameters = {name: int(value) for name, value in engine.parameters().items()}
    images = {f"conv.{name}.mem": memory_text(x) for name, x in engine.memories().items()}
    found = yosys("conv", parameters, family, images)
    return estimate("conv", parameters, family), found


def yosys(
    module: str, parameters: Mapping[str, int], family: Family, images: Mapping[str, str]
) -> Resources:
    literals = {name.upper(): str(value) for name, value in parameters.items()}
    return synthesize_module(module, literals, images, hardware_sources(), family).resources


def check(model: Resources, found: Resources) -> None:
    assert (model.dsp, model.bram18, model.uram) == (found.dsp, found.bram18, found.uram)
    allowed = BIG_ENGINE if found.lut >= 1000 else SMALL_ENGINE
    assert abs(model.lut - found.lut) <= allowed * found.lut, (model, found)
    assert abs(model.ff - found.ff) <= allowed * found.ff, (model, found)


def test_small_engine() -> None:
    check(*compared(small_engines(16, ultra=False)[0], Family.XC7))


@pytest.mark.parametrize(("module", "parameters"), STREAMS, ids=[name for name, _ in STREAMS])
def test_stream_modules(module: str, parameters: dict[str, int]) -> None:
    assert parameters not in {**ENGINES, **PLUMBING}[module].GEOMETRIES
    found = yosys(module, parameters, Family.XC7, {})
    model = estimate(module, parameters, Family.XC7)
    assert (model.dsp, model.bram18, model.uram) == (found.dsp, found.bram18, found.uram)
    assert model.lutram == found.lutram
    assert abs(model.lut - found.lut) <= max(20, found.lut / 4), (model, found)
    assert abs(model.ff - found.ff) <= max(10, found.ff / 10), (model, found)


@pytest.mark.parametrize(
    ("sum_bits", "multiplier", "slices"), [(18, 50_001, 1), (26, 50_001, 2), (18, 1 << 15, 0)]
)
def test_average_that_requantizes(sum_bits: int, multiplier: int, slices: int) -> None:
    parameters = {"sum_bits": sum_bits, "multiplier": multiplier, "shift": sum_bits + 7}
    parameters |= {"out_bits": 8, "out_signed": 0}
    found = yosys("avgpool_requantize", parameters, Family.XC7, {})
    model = estimate("avgpool_requantize", parameters, Family.XC7)
    assert model.dsp == found.dsp == slices
    assert abs(model.lut - found.lut) <= 12
    assert abs(model.ff - found.ff) <= 12


def test_shell() -> None:
    parameters = {
        **{"channels": 3, "height": 56, "width": 60, "classes": 100, "logit_bits": 20},
        **{"data_bits": 64, "pixels": 4, "read_depth": 64, "load_words": 0},
    }
    found = yosys("shell", parameters, Family.XC7, {})
    model = estimate("shell", parameters, Family.XC7)
    assert (model.dsp, model.bram18, model.uram) == (found.dsp, found.bram18, found.uram)
    # Yosys leaves out queued bits that never differ, such as those of addresses.
    for name in ("lut", "lutram", "ff"):
        wanted = getattr(found, name)
        assert abs(getattr(model, name) - wanted) <= wanted / 20, (model, found)


STORED = load()
NOISE = 0.005
"""What rounding may add to a known error."""


def check_stored(kept: Stored, model: Resources) -> None:
    """The model is as good as it was when the counts were stored, neither higher nor lower."""
    found = kept.counts
    assert (model.dsp, model.bram18, model.uram) == (found.dsp, found.bram18, found.uram)
    assert abs(model.lutram - found.lutram) <= found.lutram / 20
    for now, known in zip(errors(model, found), kept.errors, strict=True):
        assert abs(now - known) <= NOISE, (model, found)


@pytest.mark.parametrize("kept", STORED, ids=lambda x: f"{x.module}-{x.family}")
def test_stored_counts(kept: Stored) -> None:
    check_stored(kept, estimate(kept.module, kept.parameters, kept.family))
    lut, ff = (abs(x) for x in kept.errors)
    assert ff <= BIG_ENGINE
    assert lut <= (BIG_ENGINE if kept.counts.lut >= 300 else 2 * BIG_ENGINE)


def test_ten_percent_more_is_seen() -> None:
    """Of any resource, in every module that takes ten of it or more."""
    for name in ("dsp", "lut", "lutram", "ff", "bram18"):
        takers = [x for x in STORED if getattr(x.counts, name) >= 10]
        assert len(takers) >= 2
        for kept in takers:
            model = estimate(kept.module, kept.parameters, kept.family)
            more = replace(model, **{name: math.ceil(1.1 * getattr(model, name))})
            with pytest.raises(AssertionError):
                check_stored(kept, more)


@pytest.mark.slow
@pytest.mark.parametrize("family", Family)
def test_engines(family: Family) -> None:
    assert UNSEEN != SEED
    pairs = [compared(x, family) for x in small_engines(48, ultra=family is Family.XCUP)]
    for model, found in pairs:
        check(model, found)
    lut, ff = (sum(getattr(x, name) for x, _ in pairs) for name in ("lut", "ff"))
    real_lut, real_ff = (sum(getattr(x, name) for _, x in pairs) for name in ("lut", "ff"))
    assert abs(lut - real_lut) <= SUM * real_lut
    assert abs(ff - real_ff) <= SUM * real_ff


@pytest.mark.parametrize("family", Family)
def test_every_part_has_its_coefficients(family: Family) -> None:
    conv = next(x for x in STORED if x.module == "conv")
    of_conv = {x.module for x in parts("conv", conv.parameters, family)}
    assert COEFFICIENTS[family].keys() == of_conv | MODULES.keys() - {"conv"}


@pytest.mark.parametrize(("halves", "whole"), [(0, 0), (1, 1), (2, 1), (3, 2), (72, 36)])
def test_two_halves_share_a_block_ram(halves: int, whole: int) -> None:
    taken = Resources(bram18=halves)
    assert (taken.bram36, taken.fields()["bram36"]) == (whole, whole)
    assert taken.excess(Resources(bram18=2 * whole)) == {}


def dsp_of(**changes: int) -> int:
    kept = next(x for x in STORED if x.module == "conv")
    return estimate("conv", kept.parameters | changes, kept.family).dsp


@pytest.mark.parametrize(
    ("columns", "fabric", "pairs"), [(1, 0, 0), (2, 0, 1), (7, 0, 3), (7, 2, 2)]
)
def test_two_columns_share_a_slice(columns: int, fabric: int, pairs: int) -> None:
    alone, dual = (dsp_of(lanes=5, columns=columns, fabric=fabric, drain=1, dual=x) for x in (0, 1))
    assert alone - dual == 5 * pairs


@pytest.mark.parametrize(("bits", "slices"), [(24, 1), (25, 1), (26, 2), (50, 2), (51, 3)])
def test_a_sum_wider_than_a_slices_operand_takes_more_slices(bits: int, slices: int) -> None:
    """Of each requantizer, of which there are `drain`."""
    one, three = (dsp_of(columns=6, fabric=0, acc_bits=bits, drain=x) for x in (1, 3))
    assert three - one == 2 * slices


def test_every_lane_counts() -> None:
    parameters = dict(next(draw_engines(SEED, ultra=False)).parameters())
    one, two, three = (
        estimate("conv", parameters | {"lanes": lanes}, Family.XC7) for lanes in (1, 2, 3)
    )
    assert three.dsp - two.dsp == two.dsp - one.dsp > 0
    assert one.lut < two.lut < three.lut


def test_half_a_block_is_a_block_of_a_budget() -> None:
    assert [Resources(bram18=x).bram36 for x in range(5)] == [0, 1, 1, 2, 2]
    budget = Resources(dsp=3, bram18=4)
    assert Resources(dsp=3, bram18=4).excess(budget) == {}
    assert Resources(dsp=3, bram18=5).excess(budget) == {"bram36": (3, 2)}
    assert Resources(dsp=4, bram18=3).excess(budget) == {"dsp": (4, 3)}


@pytest.mark.parametrize(
    ("change", "slices"),
    [
        ({"dual": 0, "fabric": 0}, 2 * 5 + 3),
        ({"dual": 0, "fabric": 2}, 2 * 3 + 3),
        ({"dual": 1, "fabric": 0}, 2 * 3 + 3),  # two pairs and a column of its own
        ({"dual": 1, "fabric": 1}, 2 * 2 + 3),
        ({"dual": 0, "fabric": 0, "acc_bits": 26}, 2 * 5 + 3 * 2),
    ],
)
def test_slices_are_counted_one_by_one(change: dict[str, int], slices: int) -> None:
    """Two lanes of five columns, three requantizers."""
    folding = {"lanes": 2, "columns": 5, "drain": 3, "acc_bits": 25}
    parameters = dict(next(draw_engines(SEED, ultra=False)).parameters()) | folding | change
    assert estimate("conv", parameters, Family.XC7).dsp == slices


def test_estimate_is_fast_enough_for_a_search() -> None:
    parameters = next(draw_engines(SEED, ultra=False)).parameters()
    start = time.process_time()
    for _ in range(1000):
        estimate("conv", parameters, Family.XC7)
    # 50 microseconds each where nothing else runs; a busy machine takes longer.
    assert time.process_time() - start < 0.25
