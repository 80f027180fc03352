# SPDX-License-Identifier: Apache-2.0
"""The JSON of a report read back into rows, so that its page can be written anew."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from firebrick.checked.documents import parse_json, read_text
from firebrick.checked.fields import Fields
from firebrick.hardware.resources import Resources
from firebrick.report.dense import DenseDesign
from firebrick.report.engine import EngineSimulation
from firebrick.report.figures import TITLES
from firebrick.report.measure import PHOTOGRAPHS, Counted, Simulation
from firebrick.report.rows import BoardRow, Figures, TargetRow

MOST_ROWS = 1_000
MOST_WORDS = 4_096
"""Characters of a failure in words."""
LARGEST = 1 << 50
"""Of any count."""

Found = TypeVar("Found")
Models = list[dict[str, str | int]]


def read_rows(path: Path) -> tuple[Models, list[TargetRow], list[BoardRow]]:
    """What a report wrote beside its page: models, rows of targets, rows of boards.

    Raises:
        FirebrickError: naming file, row, field, value and rule, if it is no such file.
    """
    fields = Fields(parse_json(read_text(path), str(path)), str(path), "JSON of a report")
    photographs = fields.lines("photographs", len(PHOTOGRAPHS))
    fields.require(
        *(photographs == PHOTOGRAPHS, "photographs", list(photographs)),
        f"are not those of this version: {', '.join(PHOTOGRAPHS)}",
    )
    models = [_model(x) for x in fields.objects("models", "model", MOST_ROWS)]
    targets = [_target(x) for x in fields.objects("targets", "model", MOST_ROWS)]
    boards = [_board(x) for x in fields.objects("boards", "board", MOST_ROWS)]
    fields.close()
    return models, targets, boards


def _model(fields: Fields) -> dict[str, str | int]:
    counts = {x: fields.whole(x, 0, LARGEST) for x in ("weights", "nonzero")}
    return {"model": fields.line("model"), **counts, **{x: fields.line(x) for x in [*fields.left]}}


def _target(fields: Fields) -> TargetRow:
    target = None if fields.absent("target") else fields.whole("target", 1, LARGEST)
    found = TargetRow(
        *_common(fields),
        target=target,
        store_zeros=fields.flag("store_zeros"),
        dense=_perhaps(fields, "dense", _dense),
    )
    for derived in ("met", "finn_plus"):  # of what was read, or of what others measured
        fields.take(derived)
    return found


def _board(fields: Fields) -> BoardRow:
    assumed = fields.inner("assumed")
    found = BoardRow(
        *_common(fields),
        board=fields.line("board"),
        clock_mhz=assumed.whole("clock_mhz", 1, LARGEST),
        binds=_perhaps(fields, "binds", _binds),
        gap=None if fields.absent("gap") else fields.number("gap"),
        of_peak=None if fields.absent("of_dsp_peak") else fields.number("of_dsp_peak"),
        engines=tuple(map(_engine, fields.objects("engines_simulated", "layer", MOST_ROWS))),
        counted=_perhaps(fields, "counted", _counted),
    )
    assumed.take("frames_per_second")
    assumed.close()
    fields.take("fits")
    return found


def _common(fields: Fields) -> tuple[str, Figures | None, Simulation | None, tuple[str, ...]]:
    return (
        fields.line("model"),
        _perhaps(fields, "predicted", _figures),
        _perhaps(fields, "simulated", _simulation),
        fields.lines("failures", MOST_ROWS, MOST_WORDS),
    )


def _perhaps(fields: Fields, name: str, read: Callable[[Fields], Found]) -> Found | None:
    """An object inside, or null."""
    if fields.absent(name):
        return None
    inner = fields.inner(name)
    found = read(inner)
    inner.close()
    return found


def _figures(fields: Fields) -> Figures:
    counts = ("cycles_per_frame", "multipliers", "nonzero_macs", "dense_macs")
    return Figures(
        board=fields.text_or_none("board"),
        family=fields.line("family"),
        fits=fields.flag("fits"),
        latency_cycles=fields.whole("latency_cycles", 0, LARGEST),
        bound_cycles=fields.whole("bound_cycles", 0, LARGEST),
        **{x: fields.whole(x, 1, LARGEST) for x in counts},
        mac_efficiency=fields.number("mac_efficiency"),
        memory_use=fields.number("memory_use"),
        planning_seconds=fields.number("planning_seconds"),
        resources=_resources(fields, "resources").fields(),
        budget=None if fields.absent("budget") else _resources(fields, "budget").fields(),
        onchip_bytes=fields.wholes("onchip_bytes", 0, LARGEST),
        weight_bytes=fields.wholes("weight_bytes", 0, LARGEST),
    )


def _resources(fields: Fields, name: str) -> Resources:
    inner = fields.inner(name)
    found = {x: inner.whole(x, 0, LARGEST) for x in TITLES}
    inner.close()
    return Resources(bram18=2 * found.pop("bram36"), **found)


def _simulation(fields: Fields) -> Simulation:
    fields.take("mac_efficiency")  # computed of what is read
    return Simulation(
        cycles_per_frame=fields.whole("cycles_per_frame", 1, LARGEST),
        seconds=fields.number("seconds"),
        **{x: fields.whole(x, 0, LARGEST) for x in ("latency_cycles", "frames", "differing")},
    )


def _dense(fields: Fields) -> DenseDesign:
    for derived in ("ratio", "busy"):
        fields.take(derived)
    return DenseDesign(*(fields.whole(x, 1, LARGEST) for x in ("multipliers", "cycles")))


def _binds(fields: Fields) -> dict[str, object]:
    known = None if fields.absent("resource") else fields.choice("resource", tuple(TITLES))
    share = fields.number("share")
    return {"resource": known, "share": share, "slowest_engine": fields.line("slowest_engine")}


def _engine(fields: Fields) -> EngineSimulation:
    counts = ("multipliers", "planned_cycles", "simulated_cycles")
    return EngineSimulation(fields.line("layer"), *(fields.whole(x, 0, LARGEST) for x in counts))


def _counted(fields: Fields) -> Counted:
    return Counted(fields.line("tool"), _resources(fields, "resources"), fields.number("seconds"))
