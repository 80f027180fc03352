# SPDX-License-Identifier: Apache-2.0
"""The benches of the functions find what is wrong with a function."""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from firebrick.hardware.stream import StreamType
from firebrick.ops.base import Engine
from firebrick.ops.image import pixel_beats
from firebrick.verify.check import Beats, random_tensor, row_beats
from firebrick.verify.simulation.beats import read_beats, write_beats
from hls_compiler import INCLUDE, command, compiled
from hls_engines import add, avgpool, conv, image, maxpool, regroup
from hls_functions import bench_source

FRAMES = 2


def run(
    engine: Engine, folder: Path, include: Path = INCLUDE, beats: int | None = None
) -> tuple[np.ndarray, list[str]]:
    """Beats and their `last` that a function gives for two frames; raises where the bench fails.

    Args:
        engine: of the function.
        folder: for files.
        include: folder of the functions' headers.
        beats: that enter, if not all.
    """
    rng = np.random.default_rng(1)
    entering = []
    for kind, columns in zip(engine.operator.inputs, engine.in_columns, strict=True):
        stream = StreamType(kind, columns)
        tensor = random_tensor(rng, stream, FRAMES)
        if engine.operator.kind == "image":
            values = pixel_beats(tensor, columns)
            entering.append(Beats(values, kind.bits, len(values) // FRAMES))
        else:
            order = engine.in_order if engine.operator.kind == "avgpool" else None
            entering.append(row_beats(tensor, stream, rng, order))
    for index, one in enumerate(entering):
        write_beats(folder / f"input{index}.hex", one.values[:beats], one.bits)
    text = bench_source({"one": (engine, entering)})
    binary = compiled(text, "bench", folder, command(include=include))
    arguments = [str(binary), "one", str(folder), str(FRAMES), "256"]
    result = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False)
    if result.returncode:
        raise RuntimeError(result.stderr)
    lines = [line.split() for line in (folder / "output0.txt").read_text().splitlines()]
    (folder / "output.hex").write_text("".join(f"{beat}\n" for beat, _ in lines))
    out = StreamType(engine.operator.output, engine.out_columns)
    values = read_beats(folder / "output.hex", out.columns, out.tensor.bits, signed=False)
    return values, [last for _, last in lines]


ROWS = {
    "regroup": (regroup, [(5, 3), (10, 6), (15, 9)]),
    # A row of windows leaves with its third row, channel by channel.
    "maxpool": (maxpool, [(6, 0), (18, 0), (21, 2), (24, 4), (27, 6), (45, 12)]),
    "image": (image, [(5, 9), (10, 18)]),
    "avgpool": (avgpool, [(89, 0)]),
    "add": (add, [(5, 5)]),
    # An output row needs the input row below it; the last but one comes with the whole frame.
    "conv": (conv, [(15, 0), (30, 20), (44, 20), (45, 40), (75, 80)]),
}
"""Beats that enter and those that they determine, which leave before another one enters."""


def given(engine: Engine, folder: Path, beats: int, include: Path = INCLUDE) -> int:
    """Beats that leave when only some enter."""
    with pytest.raises(RuntimeError) as caught:
        run(engine, folder, include, beats)
    found = re.match(r"the function gave (\d+) beats and waits", str(caught.value))
    assert found, caught.value
    return int(found[1])


@pytest.mark.parametrize("kind", ROWS)
def test_what_whole_rows_determine_leaves_at_once(kind: str, tmp_path: Path) -> None:
    """A function that held it back for want of a further beat could lock up a bypass."""
    make, counts = ROWS[kind]
    for entered, left in counts:
        assert given(make(), tmp_path, entered) == left


@pytest.mark.parametrize(
    ("make", "before", "after", "message"),
    [
        (image, "!pop && !move)", "false)", "looks for input for ever and never waits for it"),
        (add, "FRAME_BEATS = ", "FRAME_BEATS = 1 + ", "the function left 89 beats, expected 90"),
    ],
    ids=["spins", "reads_the_next_frame"],
)
def test_bench_stops(
    make: Callable[[], Engine], before: str, after: str, message: str, tmp_path: Path
) -> None:
    engine = make()
    include = changed(engine.operator.kind, before, after, tmp_path)
    with pytest.raises(RuntimeError, match=message):
        run(engine, tmp_path, include)


def test_bench_sees_output_that_is_held_back(tmp_path: Path) -> None:
    include = changed("regroup", "take(s_axis, in, !pop)", "take(s_axis, in, true)", tmp_path)
    assert given(regroup(), tmp_path, 10, include) < 6


@pytest.mark.parametrize(
    ("make", "before", "after"),
    [
        (add, "if (scaled < lo) scaled = lo;", "scaled += 1;"),
        (avgpool, "base = initial_sum[place];", "base = initial_sum[0];"),
        (conv, "HALF = (1LL << Cfg::SHIFT) >> 1;", "HALF = 0;"),
    ],
)
def test_bench_sees_other_values(
    make: Callable[[], Engine], before: str, after: str, tmp_path: Path
) -> None:
    engine = make()
    (tmp_path / "right").mkdir()
    right, lasts = run(engine, tmp_path / "right")
    wrong, _ = run(engine, tmp_path, changed(engine.operator.kind, before, after, tmp_path))
    assert not np.array_equal(right, wrong)
    ends = [n for n, last in enumerate(lasts, 1) if last == "1"]
    assert ends == [len(lasts) // 2, len(lasts)]


def changed(kind: str, before: str, after: str, folder: Path) -> Path:
    """A copy of the functions' headers with one place changed."""
    include = folder / "include"
    shutil.copytree(INCLUDE, include)
    places = [x for x in (include / "firebrick").glob(f"{kind}*.hpp") if before in x.read_text()]
    (path,) = places
    text = path.read_text()
    assert text.count(before) == 1
    path.write_text(text.replace(before, after))
    return include
