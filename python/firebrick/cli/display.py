# SPDX-License-Identifier: Apache-2.0
"""How results look: fields, differences, classes, cycles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from firebrick import console
from firebrick.verify.classes import BEST, Guess
from firebrick.verify.compare import LayerDifference
from firebrick.verify.engine import EngineRun

WITH_TABLES = 3
"""Images that have a table each."""


def cycles(run: EngineRun) -> dict[str, int]:
    """The cycle fields that a run has."""
    fields = {
        "cycles_per_frame": run.cycles_per_frame,
        "latency_cycles": run.latency_cycles,
        "predicted_cycles_per_frame": run.predicted_cycles,
        "predicted_latency_cycles": run.predicted_latency,
    }
    return {name: value for name, value in fields.items() if value is not None}


def show(title: str, fields: Mapping[str, object], as_json: bool) -> None:
    """Print fields as JSON or as a table of two columns."""
    if as_json:
        console.emit_json(fields)
    else:
        console.table(title, ("field", "value"), list(_rows(fields)))


def _rows(fields: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Fields of fields below their parent, named with it."""
    for name, value in fields.items():
        if isinstance(value, Mapping):
            yield from ((f"{name}.{field}", inner) for field, inner in _rows(value))
        else:
            yield name, value


def print_differences(differences: Mapping[str, Sequence[LayerDifference]]) -> None:
    """One row a layer, one column an engine."""
    rows = [
        [same[0].layer, same[0].values, *(x.differing for x in same)]
        for same in zip(*differences.values(), strict=True)
    ]
    heads = ("layer", "values", *(f"differing: {name}" for name in differences))
    total = [sum(row[at] for row in rows) for at in range(1, len(heads))]
    console.table(
        "Differing values against the NumPy reference", heads, [*rows, ["all layers", *total]]
    )


def print_classes(sources: Sequence[str], classes: Sequence[Sequence[Guess]]) -> None:
    """Top-5 of each image; of many the best class only, a row an image."""
    if len(sources) > WITH_TABLES:
        rows = [
            [source, x["index"], x["name"], x["logit"]]
            for source, (x, *_) in zip(sources, classes, strict=True)
        ]
        console.table("Best classes", ("image", "class", "name", "logit"), rows)
        return
    for source, best in zip(sources, classes, strict=True):
        rows = [[x["index"], x["name"], x["logit"]] for x in best]
        console.table(f"{source}: top-{BEST}", ("class", "name", "logit"), rows)


def print_run(engine: str, run: EngineRun) -> None:
    """Time an engine took; cycles predicted and simulated, where hardware was simulated."""
    console.OUT.print(f"{engine}: {run.seconds:.1f} s")
    rows = [
        [what, simulated if simulated is not None else "two frames or more", predicted]
        for what, simulated, predicted in (
            ("cycles per frame", run.cycles_per_frame, run.predicted_cycles),
            ("latency, cycles", run.latency_cycles, run.predicted_latency),
        )
        if predicted is not None
    ]
    if rows:
        console.table("Clock cycles", ("", "simulated", "predicted"), rows)
