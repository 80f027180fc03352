# SPDX-License-Identifier: Apache-2.0
"""One folding for each convolution, all together within a budget: an integer program for HiGHS.

Variables: one per folding (a binary), one per pair of columns that can meet at a gearbox (integral
by itself), and the share of the budget that the fullest resource takes. Minimising that share says
whether a target can be met at all, and the solver's bound proves it when not.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array

from firebrick.hardware.resources import Resources
from firebrick.search.candidates import Candidate

NODES = 120
"""Nodes of the search tree, a limit that does not depend on the machine's speed."""
GAP = 0.004
"""Relative gap at which the search ends."""
ROUNDING = 1e-7
"""Of shares: less than one of anything, and about what the solver's own figures are off by."""
INFEASIBLE = 2
"""Status of a program that has no solution, proven."""
FIELDS = [x.name for x in fields(Resources)]
LUT = FIELDS.index("lut")

Tables = Mapping[tuple[str, str], Sequence[Sequence[int]]]
"""LUTs between two convolutions, by the columns of each in ascending order."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Result of a program.

    Attributes:
        chosen: a folding for each convolution; empty if there is none.
        share: of the budget that the fullest resource takes; more than 1 does not fit.
        bound: no choice takes a smaller share.
    """

    chosen: Mapping[str, Candidate]
    share: float
    bound: float

    @property
    def fits(self) -> bool:
        """Whether it is within the budget."""
        return bool(self.chosen) and self.share <= 1 + ROUNDING

    @property
    def impossible(self) -> bool:
        """Whether it is proven that nothing is within the budget."""
        return self.bound > 1 + ROUNDING


NOTHING = Answer({}, np.inf, np.inf)
"""No folding is fast enough, at any price."""


def fewest_multipliers(
    options: Mapping[str, Sequence[Candidate]], multipliers: int | None, *, few_lanes: bool
) -> Answer:
    """Without a device layers do not depend on each other.

    Args:
        options: foldings by layer.
        multipliers: limit; None for any number.
        few_lanes: spend multipliers that are left on foldings with fewer lanes.
    """
    if not all(options.values()):
        return NOTHING
    chosen = {n: min(x, key=lambda f: (f.folding.multipliers, f.price)) for n, x in options.items()}
    used = sum(x.folding.multipliers for x in chosen.values())
    share = used / multipliers if multipliers else 0.0
    if few_lanes and share <= 1:
        for name, values in options.items():
            room = chosen[name].folding.multipliers + (multipliers or 1 << 40) - used
            fitting = (x for x in values if x.folding.multipliers <= room)
            chosen[name] = min(fitting, key=lambda f: f.price)
            used = sum(x.folding.multipliers for x in chosen.values())
    return Answer(chosen, share, share)


def solve(
    options: Mapping[str, Sequence[Candidate]],
    budget: Resources,
    multipliers: int | None,
    tables: Tables,
) -> Answer:
    """Choose a folding for each convolution, so that the scarcest resource has most to spare.

    Args:
        options: foldings by layer.
        budget: left for convolutions and gearboxes.
        multipliers: further limit; None for any number.
        tables: LUTs of gearboxes by the columns of neighbours.
    """
    if not all(options.values()):
        return NOTHING
    program = _Program.of(options, tables)
    amounts = np.concatenate([program.amounts, np.zeros((program.pairs, len(FIELDS)))])
    amounts[program.picks :, LUT] = program.luts
    available = np.array(budget.counts, np.float64)
    if multipliers is not None:
        counts = [float(f.folding.multipliers) for x in options.values() for f in x]
        column = np.array(counts + [0.0] * program.pairs)[:, None]
        amounts = np.hstack([amounts, column])
        available = np.append(available, multipliers)
    # A budget of nothing allows nothing; scaled, every resource has the share as its limit.
    scaled = amounts / np.maximum(available, 1e-3)
    size = program.picks + program.pairs
    limit = np.hstack([scaled.T, np.full((len(available), 1), -1.0)])
    cost = np.zeros(size + 1)
    cost[-1] = 1.0
    with _silent_output():
        result = milp(
            cost,
            integrality=np.array([1] * program.picks + [0] * (program.pairs + 1)),
            bounds=Bounds(0, np.array([1.0] * size + [np.inf])),
            constraints=[
                LinearConstraint(limit, -np.inf, 0),
                LinearConstraint(program.equalities, program.right, program.right),
            ],
            options={"node_limit": NODES, "mip_rel_gap": GAP},
        )
    if result.x is None:
        # Out of nodes before any choice was found is no proof.
        return NOTHING if result.status == INFEASIBLE else replace(NOTHING, bound=0.0)
    chosen = program.read(result.x)
    share = float(np.max(scaled.T @ np.round(result.x[:size], 6)))
    return Answer(chosen, share, float(result.mip_dual_bound))


@contextmanager
def _silent_output() -> Iterator[None]:
    """HiGHS tells of some troubles on standard output, where it may be told nothing else."""
    sys.stdout.flush()
    kept = os.dup(1)
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 1)
            yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def columns_of(options: Mapping[str, Sequence[Candidate]]) -> dict[str, list[int]]:
    """Numbers of columns among the foldings of each layer, ascending."""
    return {n: sorted({x.folding.columns for x in values}) for n, values in options.items()}


@dataclass(frozen=True, slots=True, eq=False)
class _Program:
    """The matrices.

    Attributes:
        names: layer of each binary.
        candidates: of each binary.
        amounts: resources of each, shape (picks, resources).
        luts: of each pair of columns.
        equalities: one folding a layer; pairs agree with the columns of both neighbours.
        right: right-hand sides.
    """

    names: list[str]
    candidates: list[Candidate]
    amounts: NDArray[np.float64]
    luts: NDArray[np.float64]
    equalities: coo_array
    right: NDArray[np.float64]

    @property
    def picks(self) -> int:
        """Binaries."""
        return len(self.candidates)

    @property
    def pairs(self) -> int:
        """Pairs of columns."""
        return len(self.luts)

    @classmethod
    def of(cls, options: Mapping[str, Sequence[Candidate]], tables: Tables) -> _Program:
        names = [name for name, values in options.items() for _ in values]
        flat = [x for values in options.values() for x in values]
        entries: list[tuple[int, int, float]] = []
        right: list[float] = []
        for name in options:
            entries += [(len(right), k, 1.0) for k, x in enumerate(names) if x == name]
            right.append(1.0)
        columns = columns_of(options)
        where: dict[tuple[str, int], list[int]] = {}
        for k, (name, candidate) in enumerate(zip(names, flat, strict=True)):
            where.setdefault((name, candidate.folding.columns), []).append(k)
        luts: list[float] = []
        for (source, reader), table in tables.items():
            first = len(flat) + len(luts)
            width = len(columns[reader])
            luts += [float(x) for row in table for x in row]
            for i, count in enumerate(columns[source]):
                entries += [(len(right), first + i * width + k, 1.0) for k in range(width)]
                entries += [(len(right), k, -1.0) for k in where[source, count]]
                right.append(0.0)
            for j, count in enumerate(columns[reader]):
                rows = range(len(columns[source]))
                entries += [(len(right), first + k * width + j, 1.0) for k in rows]
                entries += [(len(right), k, -1.0) for k in where[reader, count]]
                right.append(0.0)
        row, column, value = zip(*entries, strict=True)
        shape = (len(right), len(flat) + len(luts) + 1)
        amounts = np.array([x.resources.counts for x in flat], np.float64)
        matrix = coo_array((value, (row, column)), shape=shape)
        return cls(names, flat, amounts, np.array(luts), matrix, np.array(right))

    def read(self, values: NDArray[np.float64]) -> dict[str, Candidate]:
        """The folding of each layer in a solution."""
        picked = np.flatnonzero(values[: self.picks] > 0.5)
        return {self.names[k]: self.candidates[k] for k in picked}
