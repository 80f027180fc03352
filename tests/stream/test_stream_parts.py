# SPDX-License-Identifier: Apache-2.0
"""`skid`, `fifo` and `broadcast` carry every beat once, in order, at full rate."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from firebrick.hardware.memory import MemoryKind, cheap_kind
from firebrick.hardware.resources import Family
from firebrick.hardware.stream import StreamType
from firebrick.hardware.tensor import TensorType
from firebrick.hardware.timing import RowTiming
from firebrick.ops.base import AreaPart, Engine, Identity
from firebrick.verify.check import check_engine, random_tensor

SKID, FIFO, BROADCAST = range(3)
PART = Path(__file__).parents[2] / "sim" / "benches" / "stream_part.sv"
BEATS = 40


@dataclass(frozen=True)
class Passed(Identity):
    kind: ClassVar[str] = "stream_part"
    name: str
    output: TensorType


@dataclass(frozen=True)
class Part(Engine):
    operator: Passed
    part: int
    depth: int
    kind: MemoryKind
    latency: int

    @property
    def in_columns(self) -> tuple[int, ...]:
        return (self.out_columns,)

    @property
    def out_columns(self) -> int:
        return self.operator.output.width

    def parameters(self) -> dict[str, int]:
        stream = StreamType(self.operator.output, self.out_columns)
        return {
            "part": self.part,
            "data_bits": stream.data_bits,
            "depth": self.depth,
            "kind": int(self.kind),
        }

    def timing(self) -> RowTiming:
        rows = tuple(range(1, BEATS + 1))
        return RowTiming(
            needs=rows,
            frees=rows,
            cycles=(0,) * BEATS,
            lag=self.latency,
            ring=1,
            in_beats=1,
            out_beats=1,
        )

    @classmethod
    def area(cls, p: Mapping[str, int], family: Family) -> Iterator[AreaPart]:
        raise NotImplementedError("several modules in one bench")


CASES = {
    "skid": (SKID, 4, MemoryKind.LUT, 1, 3),
    "fifo_smallest": (FIFO, 2, MemoryKind.LUT, 2, 1),
    "fifo_odd": (FIFO, 5, MemoryKind.ULTRA, 2, 2),
    "fifo_deep_wide": (FIFO, 64, MemoryKind.BLOCK, 2, 13),
}


def check(
    part: int,
    depth: int,
    kind: MemoryKind,
    latency: int,
    pixels: int,
    slack: int,
    *folders: Path,
) -> None:
    engine = Part(Passed("part", TensorType(1, BEATS, pixels, 7)), part, depth, kind, latency)
    stream = StreamType(engine.operator.output, pixels)
    tensor = random_tensor(np.random.default_rng(17), stream, 4)
    check_engine(
        engine,
        [tensor],
        *folders,
        modules={"stream_part": PART.read_text()},
        seed=17,
        period_slack=slack,
        latency_slack=slack,
    )


@pytest.mark.parametrize(
    ("width", "depth", "kind"),
    [
        (113, 64, MemoryKind.LUT),  # 152 LUTs instead of 4 half block RAMs
        (17, 512, MemoryKind.LUT),
        (17, 1000, MemoryKind.BLOCK),  # 512 LUTs instead of 1
        (96, 448, MemoryKind.BLOCK),
        (4, 4096, MemoryKind.BLOCK),
    ],
)
def test_small_memories_are_made_of_luts(width: int, depth: int, kind: MemoryKind) -> None:
    assert cheap_kind(width, depth) is kind


@pytest.mark.parametrize("name", CASES)
def test_full_rate_and_exact_latency(name: str, tmp_path: Path, build_root: Path) -> None:
    check(*CASES[name], 0, tmp_path, build_root)


def test_broadcast_to_branches_that_stall_on_their_own(tmp_path: Path, build_root: Path) -> None:
    # The branches pause by themselves, so that only values and order can be exact.
    check(BROADCAST, 3, MemoryKind.LUT, 3, 2, 10_000, tmp_path, build_root)
