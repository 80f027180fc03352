# SPDX-License-Identifier: Apache-2.0
"""What is measured once is kept; what fails is a row's text."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from report_rows import PLAN, SIMULATION

from firebrick.boards import load_board
from firebrick.errors import CheckFailed, FirebrickError
from firebrick.ir.network import Network
from firebrick.plan.plan import Plan
from firebrick.report import kept, measure, rows, write
from firebrick.report.engine import busiest, simulate_engine
from firebrick.report.measure import Bench
from firebrick.report.options import Options
from firebrick.search.goal import Goal
from firebrick.search.planner import plan
from networks import small_network

MODULE = measure.__name__


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    folder.mkdir()
    monkeypatch.setattr(kept, "cache_folder", lambda _: folder)
    return folder


@pytest.fixture(scope="module")
def network() -> Network:
    return small_network(bypass=False)


def test_kept_by_content(empty_cache: Path) -> None:
    calls: list[str] = []

    def make(name: str) -> dict[str, Any]:
        calls.append(name)
        return {"name": name}

    for name in ("a", "b", "a"):
        assert kept.kept("kind", (MODULE,), ("hw",), ("content", name), lambda n=name: make(n)) == {
            "name": name
        }
    assert calls == ["a", "b"]
    assert kept.kept("other kind", (MODULE,), ("hw",), ("content", "a"), lambda: make("c")) == {
        "name": "c"
    }
    for path in empty_cache.glob("*.json"):
        path.write_text("{")
    assert kept.kept("kind", (MODULE,), ("hw",), ("content", "a"), lambda: make("d")) == {
        "name": "d"
    }


def test_a_failure_is_not_kept() -> None:
    def fail() -> dict[str, Any]:
        raise CheckFailed("once")

    with pytest.raises(CheckFailed):
        kept.kept("kind", (MODULE,), ("hw",), ("x",), fail)
    assert kept.kept("kind", (MODULE,), ("hw",), ("x",), lambda: {"n": 1}) == {"n": 1}


def test_a_plan_is_made_once_a_goal(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    goals: list[tuple[Goal, bool]] = []

    def count(_: Network, goal: Goal, *, store_zeros: bool, **__: object) -> Plan:
        goals.append((goal, store_zeros))
        return plan(network, goal, store_zeros=store_zeros)

    monkeypatch.setattr(measure.planner, "plan", count)
    few, more = Goal(multipliers=30), Goal(multipliers=40)
    first = Bench(network).plan(few)
    assert Bench(network).plan(few) == first
    assert Bench(network).plan(more).plan.multipliers > 30
    assert Bench(network).plan(few, store_zeros=True).plan != first.plan
    assert goals == [(few, False), (more, False), (few, True)]


class Stub(Bench):
    """Finds plans and simulations at once, or fails."""

    wrong: str | None = None

    def plan(self, goal: Goal, *, store_zeros: bool = False) -> measure.Planned:
        if self.wrong == "plan":
            raise CheckFailed("nothing fits\nsee the log")
        return measure.Planned(PLAN, 1.0)

    def simulate(self, plan: Plan) -> measure.Simulation:
        if self.wrong == "simulate":
            raise CheckFailed("stuck")
        return SIMULATION

    def count(self, *_: object) -> measure.Counted:
        raise FirebrickError("no memory left")


@pytest.mark.parametrize(
    ("wrong", "failures"),
    [
        (None, ("no memory left",)),
        ("plan", ("nothing fits",)),
        ("simulate", ("stuck", "no memory left")),
    ],
)
def test_a_failure_is_the_rows_text(
    network: Network, wrong: str | None, failures: tuple[str, ...]
) -> None:
    bench = Stub(network)
    object.__setattr__(bench, "wrong", wrong)
    row = rows.board_row(bench, load_board("kv260"), 10_000, count=True)
    assert row.failures == failures
    assert (row.planned is None) == (wrong == "plan")
    assert (row.simulation is None) == (wrong is not None)
    target = rows.target_row(bench, 500_000)
    assert target.failures == tuple(x for x in failures if x != "no memory left")
    assert (target.dense is None) == (wrong == "plan")


def test_large_plans_have_their_busiest_engines_simulated(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Plan] = []
    monkeypatch.setattr(rows, "simulate_busiest", lambda _, plan: asked.append(plan) or ())
    board = load_board("kv260")
    whole = rows.board_row(Stub(network), board, PLAN.multipliers, count=False)
    assert whole.simulation == SIMULATION
    assert asked == []
    large = rows.board_row(Stub(network), board, PLAN.multipliers - 1, count=False)
    assert large.simulation is None
    assert asked == [PLAN]
    none = rows.board_row(Stub(network), board, 0, count=False)
    assert (none.simulation, asked) == (None, [PLAN])
    assert [x.name for x in busiest(PLAN)] == ["conv10", "conv1", "pool1"]


def test_steps_of_a_report(
    network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half the weights are zero: such a model has its zeros stored, once, after the targets."""
    monkeypatch.setattr(write, "Bench", Stub)
    monkeypatch.setattr(write.load, "read", lambda _: network)
    monkeypatch.setattr(write.load, "read_notes", lambda _: {})
    options = Options(targets=(2000, 1000), boards=("kv260",), synth=())
    page = tmp_path / "page.md"
    made = write.report([Path("q.onnx")], page, lambda *_: None, options)
    assert [(x.target, x.store_zeros) for x in made.targets] == [
        (2000, False),
        (1000, False),
        (None, True),
    ]
    assert [x.board for x in made.boards] == ["kv260"]
    assert page.read_text() == made.text()
    assert page.with_suffix(".json").is_file()


def test_boards_to_be_counted_are_among_those_planned() -> None:
    with pytest.raises(FirebrickError, match="synth: 'zcu104' is none of kv260"):
        Options(boards=("kv260",), synth=("zcu104",)).chosen_boards()


@pytest.mark.slow
def test_measured_for_true(network: Network) -> None:
    bench = Stub(network)
    pixels = np.random.default_rng(1).integers(0, 256, (3, 3, 25, 25), np.uint8)
    bench.__dict__["pixels"] = pixels
    chosen = plan(network, Goal(multipliers=30))
    found = Bench.simulate(bench, chosen)
    assert (found.differing, found.frames) == (0, 3)
    assert found.cycles_per_frame == chosen.cycles_per_frame
    (squeeze,) = (x for x in chosen.layers if x.name == "fire2_squeeze")
    alone = simulate_engine(network, chosen, squeeze.name)
    assert (alone.multipliers, alone.planned_cycles) == (squeeze.multipliers, squeeze.cycles)
    assert alone.simulated_cycles == squeeze.cycles  # conv1 would wait for rows
