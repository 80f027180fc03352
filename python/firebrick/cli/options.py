# SPDX-License-Identifier: Apache-2.0
"""Options and arguments that several commands take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from firebrick.search.goal import FAST_SIMULATION

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object, no tables.")]
Output = Annotated[Path, typer.Option("--output", "-o", help="ONNX file to write.")]
Quantized = Annotated[
    Path, typer.Argument(help="Integer ONNX file, made by `quantize`, or its `.fbz`.")
]
Images = Annotated[
    list[str],
    typer.Argument(help="Image files, .npy arrays, or samples: `chelsea`, `coffee`, `rocket` ..."),
]
PlanFile = Annotated[
    Path | None,
    typer.Option(
        "--plan", help=f"Of hardware: made by `plan`. Default: {FAST_SIMULATION} multipliers."
    ),
]
Waves = Annotated[
    Path | None, typer.Option(help="rtl: FST file to write every signal's waveform to. Slower.")
]
