# SPDX-License-Identifier: Apache-2.0
"""Tables of targets: beside dense dataflows, with zeros stored."""

from __future__ import annotations

from collections.abc import Sequence

from firebrick.report.published import FINN_SOURCE, finn_shares
from firebrick.report.rows import TargetRow
from firebrick.report.tables import failures, figure, number, share, table, yes


def targets_table(rows: Sequence[TargetRow]) -> list[str]:
    """Targets, and whether they are met."""
    heads = (
        *("model", "target, cycles", "multipliers", "predicted", "simulated", "met", "busy"),
        *("latency, simulated", "differing", "bytes on chip"),
    )
    cells = []
    for row in rows:
        plan, run = row.planned, row.simulation
        cells.append(
            [
                *(row.model, number(row.target), figure(plan, "multipliers")),
                figure(plan, "cycles_per_frame"),
                figure(run, "cycles_per_frame"),
                *(yes(row.met) if plan else "**no**", share(row.busy)),
                *(figure(run, "latency_cycles"), figure(run, "differing")),
                number(plan.onchip_bytes["total"] if plan else None),
            ]
        )
    return [
        "The smallest design that is fast enough. *Target*, *predicted* and *simulated* are cycles "
        "a frame; *busy* is by simulation; bytes of weights, rows and queues are those that the "
        "memories have.",
        "",
        *table(heads, cells),
        *failures(rows, [f"{x.model} at {number(x.target)}" for x in rows]),
    ]


def dense_table(rows: Sequence[TargetRow]) -> list[str]:
    """Cycles and busy shares beside those of dense dataflows."""
    heads = (
        *("model", "target, cycles", "ours, simulated", "busy", "dense, computed", "dense busy"),
        *("dense / ours", "finn-plus busy", "finn-plus tuned, busy"),
    )
    cells = []
    for row in rows:
        finn = finn_shares(row.model, row.target or 0) or (None, None)
        cells.append(
            [
                *(row.model, number(row.target)),
                figure(row.simulation, "cycles_per_frame"),
                *(share(row.busy), figure(row.dense, "cycles"), share(row.dense_busy)),
                number(row.dense_ratio, 2),
                *(share(x, 0) for x in finn),
            ]
        )
    return [
        "*Dense* is the best channel-folded dataflow with at most as many multipliers as ours: per "
        "convolution (expand1x1 and expand3x3 apart) PE x SIMD multipliers, PE a divisor of the "
        "output channels, SIMD of the input channels x kernel area, one multiplication a cycle in "
        "each, zeros included, nothing ever lost to control; its cycles are those of the slowest "
        "layer, its busy share that of the multipliers it uses. finn-plus: "
        f"{FINN_SOURCE}; with its defaults, and tuned by hand; its shares count all weights, for "
        "it multiplies them all.",
        "",
        *table(heads, cells),
    ]


def zeros_table(rows: Sequence[TargetRow]) -> list[str]:
    """Rows with zeros stored, each below the row with as many multipliers that skips them."""
    cells = []
    for stored in (x for x in rows if x.store_zeros):
        alike = [x for x in rows if x.model == stored.model and x.target and x.planned]
        for row in [*alike[:1], stored]:
            plan, run = row.planned, row.simulation
            cells.append(
                [
                    *(row.model, "stored" if row.store_zeros else "skipped"),
                    figure(plan, "multipliers"),
                    figure(plan, "cycles_per_frame"),
                    *(figure(run, "cycles_per_frame"), share(row.busy)),
                    figure(run, "differing"),
                    number(plan.onchip_bytes["weights"] if plan else None),
                ]
            )
    if not cells:
        return []
    heads = (
        *("model", "zeros", "multipliers", "cycles, predicted", "cycles, simulated", "busy"),
        *("differing", "weights, bytes"),
    )
    stored_rows = [x for x in rows if x.store_zeros]
    return [
        "The same pruned network with about as many multipliers, pruned zeros skipped or stored "
        "and multiplied.",
        "",
        *table(heads, cells),
        *failures(stored_rows, [f"{x.model}, zeros stored" for x in stored_rows]),
    ]
