# SPDX-License-Identifier: Apache-2.0
"""`.fbz` files changed at random: refused in one line, or the same network; in bounds."""

import json
import struct
import zlib
from dataclasses import replace
from functools import cache
from pathlib import Path

import attacks
import numpy as np
import pytest

from firebrick.errors import LONGEST, FirebrickError, printable
from firebrick.fbz import head
from firebrick.quantize.integer_onnx import compressed, export, load
from networks import small_network
from peak_memory import measured
from random_networks import random_network

FAST, ALL = 120, 1000
MOST_MB, MOST_SECONDS = 500, 10


@cache
def base(seed: int) -> tuple[bytes, bytes]:
    """An ONNX file and its compressed form."""
    network = random_network(seed, most_side=12) if seed else small_network()
    how = replace(network.preprocessing, resize=max(network.image.height, network.image.width))
    network = replace(network, preprocessing=how)
    data = export.to_bytes(export.to_model(network, {"note": "of a test"}))
    return data, compressed.compress(data, network).data


def sealed(start: bytes, document: object, body: bytes) -> bytes:
    """A file whose checksums of the head are right."""
    text = json.dumps(document).encode("ascii", "replace")
    packed = zlib.compress(text)
    fields = (len(packed), zlib.crc32(packed))
    return start[:6] + struct.pack("<II", *fields) + start[14 : head.START.size] + packed + body


def mutated(rng: np.random.Generator, data: bytes) -> bytes:
    """Bytes changed or cut; or the head's JSON; or the body, with all checksums set right."""
    document, _, _, end = head.unpack(data)
    kind = attacks.pick(rng, ("bytes", "cut", "head", "head", "body", "body"))
    if kind == "cut":
        return data[: int(rng.integers(len(data)))]
    changed = bytearray(data)
    if kind == "bytes":
        for _ in range(int(rng.integers(1, 4))):
            changed[int(rng.integers(len(changed)))] ^= 1 << int(rng.integers(8))
        return bytes(changed)
    assert isinstance(document, dict)
    if kind == "head":
        for _ in range(int(rng.integers(1, 3))):
            attacks.mutate_document(rng, document)
        return sealed(data, document, data[end:])
    place = int(rng.integers(end, len(changed)))
    changed[place] ^= int(rng.integers(1, 256))
    at = end
    for section in (*document["codes"], *document["constants"]):
        size = section_size(section)
        section["crc32"] = zlib.crc32(changed[at : at + size])
        at += size
    assert at == len(data)
    return sealed(data, document, bytes(changed[end:]))


def section_size(section: dict) -> int:
    if "kind" in section:
        return stream_size(*section["widths"]) + section["bytes"]
    return sum(stream_size(*x) for part in section["parts"] for x in part[1:])


def stream_size(coder: str, count: int, size: int) -> int:
    return size if coder == "rans" else -(-count * size // 8)


def outcome(path: Path, data: bytes, expected: bytes) -> str:
    """How a file ends: what it says, or that it gave the same; anything else is an error."""
    path.write_bytes(data)
    try:
        assert load.read_bytes(path) == expected
    except FirebrickError as error:
        text = printable(str(error))
        assert text.startswith(f"{path}: ")
        assert len(text) <= LONGEST
        return text.removeprefix(f"{path}: ")[:40]
    load.read(path)
    return "equal"


def attack(first: int, count: int, folder: Path) -> dict[str, int]:
    ends: dict[str, int] = {}
    for seed in range(first, first + count):
        rng = np.random.default_rng(seed)
        data, packed = base(seed % 6)
        end = outcome(folder / "m.fbz", mutated(rng, packed), data)
        ends[end] = ends.get(end, 0) + 1
    return ends


def test_changed_files(tmp_path: Path) -> None:
    ends = attack(0, FAST, tmp_path)
    assert len(ends) > 40  # they do not all fall at the first checksum


@pytest.mark.slow
def test_a_thousand_changed_files_in_bounds(tmp_path: Path) -> None:
    code = (
        "import sys, time; sys.path[:0] = sys.argv[2:]\n"
        "from pathlib import Path\n"
        "import test_hostile_fbz as t\n"
        "worst = total = 0\n"
        "for n in range(t.ALL):\n"
        "    start = time.perf_counter()\n"
        "    total += sum(t.attack(n, 1, Path(sys.argv[1])).values())\n"
        "    worst = max(worst, time.perf_counter() - start)\n"
        f"assert worst < {MOST_SECONDS}, worst\n"
        "print(total)\n"
    )
    here = Path(__file__).parent
    result = measured(code, str(tmp_path), str(here), str(here.parent / "support"))
    assert int(result.out) == ALL
    assert result.peak < MOST_MB
