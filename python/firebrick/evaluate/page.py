# SPDX-License-Identifier: Apache-2.0
"""What was taken for what, as a picture: one HTML file that needs nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from html import escape

from firebrick.errors import printable
from firebrick.evaluate.result import Evaluation

MOST_CLASSES = 40
"""Sides of a matrix that can still be looked at; of more classes those confused most are shown."""
STYLE = """\
body { font: 14px/1.4 system-ui, sans-serif; margin: 2rem; color: #222; background: #fff }
table { border-collapse: collapse; margin: 1rem 0 }
caption { text-align: left; padding-bottom: .5rem }
th { font-weight: normal; text-align: right; padding: 2px 6px; white-space: nowrap }
thead th { writing-mode: vertical-rl; transform: rotate(180deg); text-align: left }
td { min-width: 2.2em; height: 2.2em; text-align: center; border: 1px solid #ddd }
td.right { border-color: #36c }
"""


def html_page(evaluations: Sequence[Evaluation]) -> str:
    """A page with a matrix a model: rows are what images show, columns what the model says."""
    body = "\n".join(part for x in evaluations for part in _model(x))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"<title>Firebrick: confusions</title>\n<style>\n{STYLE}</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def _model(found: Evaluation) -> Iterator[str]:
    low, high = found.interval
    yield f"<h1>{_text(found.model)}</h1>"
    yield (
        f"<p>{_text(found.engine)}, {found.images:,} images: top-1 {found.top1:.2%} "
        f"({low:.2%} to {high:.2%} with 95 % confidence), top-5 {found.top5:.2%}.</p>"
    )
    shown = _shown(found)
    rows = Counter[int]()
    for (true, _), count in found.pairs.items():
        rows[true] += count
    yield "<table>"
    yield (
        "<caption>Rows: what images show. Columns: what the model says. A cell is as dark as its "
        f"share of the row.{_left_out(found, shown)}</caption>"
    )
    heads = "".join(f'<th scope="col">{_text(found.names[x])}</th>' for x in shown)
    yield f"<thead><tr><td></td>{heads}</tr></thead>"
    yield "<tbody>"
    for true in shown:
        cells = "".join(
            _cell(found.pairs.get((true, said), 0), rows[true], right=true == said)
            for said in shown
        )
        yield f'<tr><th scope="row">{_text(found.names[true])}</th>{cells}</tr>'
    yield "</tbody></table>"


def _shown(found: Evaluation) -> list[int]:
    """Classes of the matrix: all, or those that take part in most confusions."""
    if len(found.names) <= MOST_CLASSES:
        return list(range(len(found.names)))
    confused = Counter[int]()
    for (true, said), count in found.pairs.items():
        for index in (true, said):
            confused[index] += count * (true != said)
    return sorted(x for x, count in confused.most_common(MOST_CLASSES) if count)


def _left_out(found: Evaluation, shown: Sequence[int]) -> str:
    left = len(found.names) - len(shown)
    return f" The {left:,} classes that were confused least are left out." if left else ""


def _cell(count: int, of: int, *, right: bool) -> str:
    share = count / of if of else 0.0
    colour = "#fff" if share > 0.5 else "#222"
    kind = ' class="right"' if right else ""
    style = f"background: rgba(20, 60, 140, {share:.3f}); color: {colour}"
    return f'<td{kind} style="{style}" title="{share:.1%}">{count or ""}</td>'


def _text(name: str) -> str:
    return escape(printable(name))
