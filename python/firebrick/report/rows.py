# SPDX-License-Identifier: Apache-2.0
"""One row a target and one a board: everything that is measured for it, and what went wrong.

Rows hold figures alone, no plan and no board, so that they can be read back from their JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

from firebrick.boards import Board
from firebrick.errors import FirebrickError
from firebrick.report.dense import DenseDesign, best_design, dense_layers
from firebrick.report.engine import EngineSimulation, simulate_busiest
from firebrick.report.figures import binding, gap, of_peak, speed
from firebrick.report.measure import Bench, Counted, Planned, Simulation
from firebrick.report.published import finn_shares
from firebrick.search.goal import Goal


@dataclass(frozen=True, slots=True)
class Figures:
    """What `plan --json` says of a plan, and the seconds that finding it took.

    Attributes:
        board: name; None if it is for none.
        family: of devices.
        fits: within the board's budget, if it has one.
        cycles_per_frame: predicted, as is the latency.
        latency_cycles: of a frame.
        multipliers: for weights.
        nonzero_macs: a frame, of weights that are not zero.
        dense_macs: a frame, of all weights.
        mac_efficiency: share of the multipliers busy, to four digits.
        bound_cycles: that no plan beats; 0 if nothing is proven.
        resources: taken, by name.
        budget: the board's, by name; None if it is for none.
        memory_use: share of memory bits that hold something, to four digits.
        onchip_bytes: by what they hold.
        weight_bytes: by what they are for.
        planning_seconds: that the search took.
    """

    board: str | None
    family: str
    fits: bool
    cycles_per_frame: int
    latency_cycles: int
    multipliers: int
    nonzero_macs: int
    dense_macs: int
    mac_efficiency: float
    bound_cycles: int
    resources: Mapping[str, int]
    budget: Mapping[str, int] | None
    memory_use: float
    onchip_bytes: Mapping[str, int]
    weight_bytes: Mapping[str, int]
    planning_seconds: float

    @classmethod
    def of(cls, planned: Planned) -> Figures:
        """Those of a plan."""
        return cls(**planned.plan.fields(), planning_seconds=planned.seconds)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Row:
    """What every row has.

    Attributes:
        model: name of the network.
        planned: figures of the plan; None if there is none.
        simulation: of the whole network, where it was simulated.
        failures: what went wrong, in words; the first says why there is no plan, if so.
    """

    model: str
    planned: Figures | None = None
    simulation: Simulation | None = None
    failures: tuple[str, ...] = ()

    @property
    def cycles(self) -> int | None:
        """Cycles a frame: simulated, else predicted."""
        if self.simulation:
            return self.simulation.cycles_per_frame
        return self.planned.cycles_per_frame if self.planned else None

    @property
    def busy(self) -> float | None:
        """Share of multiplier cycles that do nonzero work, by simulation."""
        if not (self.planned and self.simulation):
            return None
        return self._busy_in(self.simulation.cycles_per_frame)

    @property
    def predicted_busy(self) -> float | None:
        """The same by the plan's own cycles."""
        return self._busy_in(self.planned.cycles_per_frame) if self.planned else None

    def _busy_in(self, cycles: int) -> float | None:
        plan = self.planned
        return plan.nonzero_macs / (plan.multipliers * cycles) if plan else None

    @property
    def broken(self) -> bool:
        """Whether hardware that was built is wrong or could not be measured."""
        wrong = self.simulation is not None and self.simulation.differing > 0
        return wrong or (self.planned is not None and bool(self.failures))

    def common(self) -> dict[str, object]:
        """As JSON: where a figure comes from is its group's name."""
        planned, simulated = self.planned, self.simulation
        return {
            "model": self.model,
            "failures": list(self.failures),
            "predicted": None if planned is None else asdict(planned),
            "simulated": None
            if simulated is None
            else asdict(simulated) | {"mac_efficiency": round(self.busy or 0.0, 4)},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetRow(Row):
    """A network at a number of cycles, or with its zeros stored.

    Attributes:
        target: cycles a frame asked for; None if multipliers were.
        store_zeros: pruned zeros were stored and multiplied.
        dense: what a dense dataflow reaches with as many multipliers.
    """

    target: int | None
    store_zeros: bool = False
    dense: DenseDesign | None = None

    @property
    def met(self) -> bool | None:
        """Whether the target is met, by simulation if there is one."""
        if self.target is None or self.cycles is None:
            return None
        return self.cycles <= self.target

    @property
    def dense_ratio(self) -> float | None:
        """Cycles of the dense dataflow over ours, as simulated."""
        if not (self.dense and self.simulation):
            return None
        return self.dense.cycles / self.simulation.cycles_per_frame

    @property
    def dense_busy(self) -> float | None:
        """Share of the dense dataflow's multiplier cycles that do nonzero work."""
        if not (self.dense and self.planned):
            return None
        return self.planned.nonzero_macs / (self.dense.multipliers * self.dense.cycles)

    def fields(self) -> dict[str, object]:
        """As JSON."""
        finn = finn_shares(self.model, self.target or 0)
        return {"target": self.target, "store_zeros": self.store_zeros, "met": self.met} | {
            **self.common(),
            "dense": None
            if self.dense is None
            else asdict(self.dense) | {"ratio": self.dense_ratio, "busy": self.dense_busy},
            "finn_plus": None if finn is None else {"defaults": finn[0], "tuned": finn[1]},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardRow(Row):
    """A network on a board.

    Attributes:
        board: its name.
        clock_mhz: assumed of it.
        binds: the fullest resource, if it is full, and the slowest engine; None without a plan.
        gap: how much faster the best plan may be, at most; None if nothing is proven.
        of_peak: nonzero work over two multiplications a cycle in each of the device's DSP slices.
        engines: the busiest, simulated alone, where the whole network is too large.
        counted: by Yosys, where that was asked for.
    """

    board: str
    clock_mhz: int
    binds: Mapping[str, object] | None = None
    gap: float | None = None
    of_peak: float | None = None
    engines: tuple[EngineSimulation, ...] = ()
    counted: Counted | None = None

    @property
    def frames_per_second(self) -> float | None:
        """At the assumed clock."""
        return speed(self.cycles, self.clock_mhz) if self.cycles else None

    def fields(self) -> dict[str, object]:
        """As JSON."""
        return {"board": self.board, "fits": self.planned is not None} | {
            **self.common(),
            "assumed": {
                "clock_mhz": self.clock_mhz,
                "frames_per_second": self.frames_per_second,
            },
            "binds": self.binds,
            "gap": self.gap,
            "of_dsp_peak": self.of_peak,
            "engines_simulated": [asdict(x) for x in self.engines],
            "counted": None
            if self.counted is None
            else asdict(self.counted) | {"resources": self.counted.resources.fields()},
        }


def target_row(bench: Bench, target: int) -> TargetRow:
    """Plan the smallest design that is fast enough, and simulate it."""
    return _folded(bench, Goal(max_cycles=target), target, store_zeros=False)


def zeros_row(bench: Bench, multipliers: int) -> TargetRow:
    """As many multipliers with zeros stored: as fast as they get."""
    return _folded(bench, Goal(multipliers=multipliers), None, store_zeros=True)


def _folded(bench: Bench, goal: Goal, target: int | None, *, store_zeros: bool) -> TargetRow:
    planned, simulation, dense = None, None, None
    failures: list[str] = []
    try:
        planned = bench.plan(goal, store_zeros=store_zeros)
        dense = best_design(dense_layers(bench.network), planned.plan.multipliers)
        simulation = bench.simulate(planned.plan)
    except FirebrickError as error:
        failures.append(one_line(error))
    figures = Figures.of(planned) if planned else None
    return TargetRow(
        *(bench.network.name, figures, simulation, tuple(failures)),
        target=target,
        store_zeros=store_zeros,
        dense=dense,
    )


def board_row(bench: Bench, board: Board, most: int, *, count: bool) -> BoardRow:
    """Fill a board; simulate and count what was made.

    Args:
        bench: the network.
        board: the board.
        most: multipliers of the largest design that is simulated whole.
        count: let Yosys count.
    """
    name = bench.network.name
    try:
        planned = bench.plan(Goal(board=board))
    except FirebrickError as error:
        why = (one_line(error),)
        return BoardRow(name, failures=why, board=board.name, clock_mhz=board.clock_mhz)
    plan, simulation, counted = planned.plan, None, None
    engines: tuple[EngineSimulation, ...] = ()
    failures: list[str] = []
    try:
        if plan.multipliers <= most:
            simulation = bench.simulate(plan)
        elif most:
            engines = simulate_busiest(bench.network, plan)
    except FirebrickError as error:
        failures.append(one_line(error))
    try:
        counted = bench.count(plan, board.family) if count else None
    except FirebrickError as error:
        failures.append(one_line(error))
    row = BoardRow(
        *(name, Figures.of(planned), simulation, tuple(failures)),
        board=board.name,
        clock_mhz=board.clock_mhz,
        binds=binding(plan),
        gap=gap(plan),
        engines=engines,
        counted=counted,
    )
    return replace(row, of_peak=of_peak(plan, row.cycles, board))


def one_line(error: Exception) -> str:
    """The first line of a message: what follows is a tool's log."""
    return (str(error).splitlines() or [type(error).__name__])[0]
