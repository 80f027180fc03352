# SPDX-License-Identifier: Apache-2.0
"""`rom` reads what the images say, across the borders of its chunks."""

import json
from pathlib import Path

import numpy as np
import pytest

from firebrick.emit.rtl.memories import write_memories
from firebrick.errors import CheckFailed, FirebrickError
from firebrick.hardware.memory import Memory, MemoryKind, chunks, packed, rom_images
from firebrick.verify.simulation.cocotb_run import run
from firebrick.verify.simulation.sources import closure
from firebrick.verify.simulation.verilator import build

ROOT = Path(__file__).resolve().parents[2]
BENCH = ROOT / "sim" / "benches" / "rom_bench.sv"
LUT, BLOCK, ULTRA = MemoryKind


def words(width: int, depth: int) -> Memory:
    """Random words that all differ."""
    step = int(np.random.default_rng(1).integers(1 << 62)) | 1
    return Memory(width, tuple(n * step % (1 << width) for n in range(depth)))


def simulate(
    whole: Memory, kind: MemoryKind, output: bool, images: dict[str, Memory], *folders: Path
) -> None:
    folder, build_root = folders
    parameters = {
        "WIDTH": whole.width,
        "DEPTH": len(whole.words),
        "KIND": int(kind),
        "OUTPUT": int(output),
    }
    sources = [BENCH, *closure([BENCH.read_text()])]
    binary = build(sources, "rom_bench", build_root, parameters=parameters)
    named = {f"dut{suffix}": image for suffix, image in images.items()}
    for name, image in {**named, "all": whole}.items():
        write_memories(folder, name, {"x": image})
        (folder / f"{name}.x.mem").rename(folder / f"{name}.mem")
    (folder / "words.json").write_text(json.dumps(3 * len(whole.words)))
    run(binary, folder, "rom_bench", python_path=[BENCH.parent])


@pytest.mark.parametrize(
    ("kind", "width", "depth", "output"),
    [
        (BLOCK, 36, 3500, True),
        (BLOCK, 29, 8192 + 2048 + 300, True),
        (BLOCK, 18, 1025, False),
        (BLOCK, 9, 200, True),
        (LUT, 13, 77, True),
        (LUT, 8, 1100, True),
        (LUT, 6, 1024, False),
        (LUT, 80, 3, False),
        (LUT, 5, 1, False),
    ],
)
def test_every_word(
    kind: MemoryKind, width: int, depth: int, output: bool, tmp_path: Path, build_root: Path
) -> None:
    whole = words(width, depth)
    simulate(whole, kind, output, rom_images("", whole, kind), tmp_path, build_root)


def test_bench_sees_words_out_of_place(tmp_path: Path, build_root: Path) -> None:
    whole = words(36, 3500)
    images = rom_images("", whole, BLOCK)
    images["b"] = Memory(36, (*images["b"].words[1:], 0))
    with pytest.raises(CheckFailed, match=r"word .* differs"):
        simulate(whole, BLOCK, True, images, tmp_path, build_root)


@pytest.mark.parametrize(
    ("depth", "sizes"),
    [
        (1, [512]),
        (512, [512]),
        (513, [1024]),
        (1600, [2048]),
        (1500, [1024, 512]),
        (4096, [4096]),
        (3584, [2048, 1024, 512]),
        (12800, [4096, 4096, 4096, 512]),
    ],
)
def test_chunks_are_few_and_fit_closely(depth: int, sizes: list[int]) -> None:
    assert chunks(depth) == sizes
    assert 0 <= sum(sizes) - depth < 512


@pytest.mark.parametrize(
    ("depth", "suffixes"), [(1, [""]), (511, [""]), (512, [""]), (513, ["a", "b"])]
)
def test_a_single_chunk_of_luts_has_no_letter(depth: int, suffixes: list[str]) -> None:
    assert list(rom_images("", words(9, depth), LUT)) == suffixes


@pytest.mark.parametrize(
    ("number", "name"),
    [(25, "z"), (26, "aa"), (51, "az"), (52, "ba"), (701, "zz")],
)
def test_a_memory_has_as_many_chunks_as_it_takes(number: int, name: str) -> None:
    names = list(rom_images("", Memory(1, (0,) * (512 * number + 1)), LUT))
    assert (len(names), names[-1]) == (number + 1, name)


def test_chunks_with_two_letters_are_read(tmp_path: Path, build_root: Path) -> None:
    """54 of them, the last with the name bb."""
    whole = words(9, 53 * 512 + 100)
    simulate(whole, LUT, False, rom_images("", whole, LUT), tmp_path, build_root)


def test_more_chunks_than_names_are_refused(tmp_path: Path, build_root: Path) -> None:
    depth = (26 + 26**2) * 512 + 1
    with pytest.raises(FirebrickError, match=f"depth={depth} takes 703 chunks, more than 702"):
        chunks(depth, LUT)
    bench = BENCH.read_text()
    parameters = {"WIDTH": 1, "DEPTH": depth, "KIND": int(LUT), "OUTPUT": 0}
    with pytest.raises(FirebrickError, match=rf"DEPTH={depth} takes more chunks than two letters"):
        build([BENCH, *closure([bench])], "rom_bench", build_root, parameters=parameters)


def test_packed_words_hold_the_first_entry_in_the_low_bits() -> None:
    memory = packed(5, [1, 2, 3, 31, 4, 5, 6], 3, 8)
    assert memory == Memory(15, (1 | 2 << 5 | 3 << 10, 31 | 4 << 5 | 5 << 10, 6))
    assert rom_images("x", memory, ULTRA) == {}
