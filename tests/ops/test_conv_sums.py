# SPDX-License-Identifier: Apache-2.0
"""Sums of `conv`: how wide they are, and that the cases reach their ends and round ties."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from conv_cases import CASES, conv
from conv_limits import LIMITS
from hls_tests import Bench
from rounding import met, wanted
from test_conv import bench_of


def test_accumulator_width_is_tight() -> None:
    """The bound is reached by an input that takes the extreme of each weight's sign."""
    operator = conv(CASES["fire_expand"])
    weights, limit = operator.weights, 1 << (operator.acc_bits - 1)
    sums = [
        int(np.where(weights * sign > 0, weights, 0).sum((1, 2, 3))[o] * operator.input.hi)
        for sign in (1, -1)
        for o in range(operator.output.channels)
    ]
    assert all(-limit <= s < limit for s in sums)
    biased = [s + int(operator.bias[n % len(operator.bias)]) for n, s in enumerate(sums)]
    assert all(-limit <= s < limit for s in biased)
    assert max(map(abs, (*sums, *biased))) >= limit // 2


@pytest.mark.parametrize("name", LIMITS)
def test_limits_are_reached_at_every_column(name: str) -> None:
    limit = LIMITS[name]
    run = limit.bench()
    sums = replace(limit, shift=0).operator().golden(*run.inputs)
    assert sums.min((0, 1, 2)).tolist() == [limit.ends[0]] * limit.kind.width
    assert sums.max((0, 1, 2)).tolist() == [limit.ends[1]] * limit.kind.width
    assert limit.operator().acc_bits == limit.acc_bits


@pytest.mark.parametrize("power", range(2, 18))
def test_accumulator_is_as_wide_as_its_largest_sum(power: int) -> None:
    one = conv(replace(CASES["one_of_everything"], in_bits=1))
    ends = {(1 << power) - 1: 1, 1 << power: 2, -1 << power: 1, (-1 << power) - 1: 2}
    for end, further in ends.items():
        step = 1 if end > 0 else -1  # of the only pixel and weight
        fields = {"codebook": np.array([0, step]), "bias": np.array([end - step])}
        limit = replace(one, codes=np.ones_like(one.codes), **fields)
        assert limit.acc_bits == power + further, end


@pytest.mark.parametrize("signed", [False, True])
def test_cases_meet_ties_and_both_clamps(signed: bool) -> None:
    cases = [case for case in CASES.values() if case.out_signed is signed]
    found = sum((rounded(bench_of(case)) for case in cases), Counter())
    assert [name for name in wanted(signed) if not found[name]] == [], found


def rounded(run: Bench) -> Counter[str]:
    """What the requantizations of a case meet."""
    operator = run.engine.operator
    wide = replace(operator.output, bits=40, signed=True)
    ones = np.ones_like(operator.multiplier)
    sums = replace(operator, output=wide, multiplier=ones, shift=0).golden(*run.inputs)
    return met(sums * operator.multiplier[:, None, None], operator.shift, operator.output)


@pytest.mark.parametrize("name", CASES)
def test_reference_is_the_same_in_bands(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    operator = conv(CASES[name])
    kind = operator.input
    shape = (2, kind.channels, kind.height, kind.width)
    x = np.random.default_rng(7).integers(kind.lo, kind.hi, shape, endpoint=True)
    whole = operator.golden(x)
    monkeypatch.setattr("firebrick.ops.conv.operator.BAND_VALUES", 1)
    assert np.array_equal(operator.golden(x), whole)


@pytest.mark.parametrize("name", ["without_the_lowest", "without_the_highest"])
def test_a_narrow_range_is_met(name: str) -> None:
    run = bench_of(CASES[name])
    operator = run.engine.operator
    wide = replace(operator, output=replace(operator.output, narrow=False))
    kind, found, left = operator.output, operator.golden(*run.inputs), wide.golden(*run.inputs)
    assert (kind.hi, -kind.lo) == ((3, 3) if kind.signed else (6, 0))
    assert np.array_equal(found, np.clip(left, kind.lo, kind.hi))
    assert np.count_nonzero(found != left) > 0
