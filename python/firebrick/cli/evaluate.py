# SPDX-License-Identifier: Apache-2.0
"""`evaluate`: how often models are right on labelled images."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from firebrick.cli.options import Json, PlanFile

if TYPE_CHECKING:
    from firebrick.evaluate.result import Evaluation


class EngineName(StrEnum):
    """Who computes quantized models."""

    ONNXRUNTIME = "onnxruntime"
    NUMPY = "numpy"
    RTL = "rtl"
    CSIM = "csim"


def evaluate(
    models: Annotated[
        list[Path],
        typer.Argument(
            metavar="MODEL... DATA",
            help="Models, made by `import` or `quantize`; behind them the images: a folder with a "
            "folder a class, a .csv file, or an .npz file.",
            show_default=False,
        ),
    ],
    engine: Annotated[
        EngineName,
        typer.Option(
            help="Who computes the integers. onnxruntime: the ONNX file. numpy: the reference. "
            "rtl: Verilator. csim: the C++ of HLS."
        ),
    ] = EngineName.ONNXRUNTIME,
    float_model: Annotated[
        Path | None,
        typer.Option(
            "--float",
            help="Float model to hold the others against: agreement, SQNR. Default: the first "
            "MODEL of floats.",
        ),
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(help="Names of the classes, one a line, in the order of the logits."),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(min=1, help="Images at most, drawn evenly from all classes, always the same."),
    ] = None,
    plan: PlanFile = None,
    html: Annotated[
        Path | None, typer.Option(help="HTML file to write: a picture of what was confused.")
    ] = None,
    json: Json = False,
) -> None:
    """Measure accuracy on images of known classes, of several models side by side.

    DATA is a folder that holds a folder of images for each class; a .csv file that begins with the
    line `file,class`, its files found from where it lies; or an .npz file with the arrays `images`
    (uint8, or floats as the model takes them) and `labels`.

    Classes are told by their names: those of `--labels`, else those that the model carries. Numbers
    are indices of logits. A model without names has its classes in sorted order, as PyTorch's
    `ImageFolder`.

    Shown are top-1 with its 95 % interval (Wilson), top-5, and against the float model how often
    both say the same class and the SQNR of the logits, on these images. `logits_sha256` of two
    engines is the same if every logit is.

    Examples: `firebrick evaluate m.onnx q.onnx photos/ --html confusions.html`,
    `firebrick evaluate q.onnx test.npz --float m.onnx --engine rtl --limit 100`
    """
    from firebrick import console
    from firebrick.api.evaluating import evaluate as run
    from firebrick.errors import FirebrickError
    from firebrick.evaluate.page import html_page
    from firebrick.files.output import check_apart, check_file, whole_file

    *given, data = models
    if not given:
        raise FirebrickError(
            f"evaluate: {data} is given alone: give models and behind them the images, such as "
            "`firebrick evaluate q.onnx photos/`"
        )
    if html is not None:
        check_file(html)  # before minutes are spent
        for path in (*models, float_model, labels, plan):
            if path is not None:
                check_apart(html, path)
    with console.progress_bars() as progress:
        found = run(
            given,
            data,
            engine=engine.value,
            float_model=float_model,
            labels=labels,
            limit=limit,
            plan=plan,
            progress=progress,
        )
    if html is not None:
        with whole_file(html) as temporary:
            temporary.write_text(html_page(found), encoding="utf-8")
    if json:
        console.emit_json(found[-1].fields() | {"results": [x.fields() for x in found]})
    else:
        show(found)


def show(found: Sequence[Evaluation]) -> None:
    """A column a model, then what each confused most."""
    from firebrick import console

    columns = [_column(x) for x in found]
    rows = [(name, *(x[name] for x in columns)) for name in columns[0]]
    console.table(f"{found[0].images:,} images", ("", *(x.model for x in found)), rows)
    for one in found:
        confused = [(x.true, x.taken_for, x.images) for x in one.worst]
        if confused:
            console.table(f"{one.model}: confused", ("is", "taken for", "images"), confused)


def _column(one: Evaluation) -> dict[str, str]:
    """Of a model; what was not measured is a dash."""
    low, high = one.interval
    return {
        "engine": one.engine,
        "top-1": f"{one.top1:.2%}",
        "95 % interval": f"{low:.2%} .. {high:.2%}",
        "top-5": f"{one.top5:.2%}",
        "says the same as floats": "-" if one.agreement is None else f"{one.agreement:.2%}",
        "SQNR of the logits, dB": "-" if one.sqnr_db is None else f"{one.sqnr_db:.2f}",
        "images a second": f"{one.images_per_second:,.1f}",
        "classes by": one.classes,
        "preprocessing by": one.preprocessing,
        "logits_sha256 begins": one.logits_sha256[:16],
    }
