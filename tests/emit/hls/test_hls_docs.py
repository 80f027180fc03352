# SPDX-License-Identifier: Apache-2.0
"""The example of docs/hls.md: one Fire module in a design of its own, compiled as the page says."""

import re
import shlex
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from firebrick.emit.hls.generate import generate
from firebrick.ir.network import Network
from firebrick.plan.pipeline import build
from firebrick.plan.plan import Plan
from firebrick.search.goal import Goal
from firebrick.search.planner import plan
from hls_compiler import ap_types, missing
from networks import small_network

PAGE = (Path(__file__).parents[3] / "docs" / "hls.md").read_text()
BLOCK = re.compile(r"^```(\w+)(?: file=(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(language: str) -> dict[str, str]:
    """Blocks of a language by their file names; those without are joined."""
    found: dict[str, str] = {}
    for kind, name, text in BLOCK.findall(PAGE):
        if kind == language:
            found[name] = found.get(name, "") + text
    return found


def planned() -> tuple[Network, Plan]:
    """A network whose squeeze and expand have different columns, and channels out of order."""
    network = small_network(bypass=False)
    return network, plan(network, Goal(multipliers=24))


@pytest.fixture(scope="module")
def binary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example, compiled by the commands of the page in a generated folder."""
    types = ap_types()
    if types is None or not shutil.which("g++"):
        missing("g++ or the package 'hls4ml' (for its ap_types)")
    folder = tmp_path_factory.mktemp("docs") / "hls"
    generate(*planned(), folder)
    for name, text in blocks("cpp").items():
        assert name, "a block without a file name is not tested"
        (folder / name).write_text(text)
    lines = [x for x in blocks("sh")[""].splitlines() if x.startswith(("cp ", "g++ "))]
    assert [x.split()[0] for x in lines] == ["cp", "g++"]
    for line in lines:
        words = shlex.split(line.replace("$AP_TYPES", str(types)))
        result = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr[-3000:]
    return folder / "my_fire"


def test_example_computes_the_fire_module(binary: Path) -> None:
    network, chosen = planned()
    engines = {x.name: x.engine for x in build(network, chosen).instances}
    squeeze = engines["fire2_squeeze"]
    assert squeeze is not None
    # Else the example would not show what it explains.
    assert "fire2_squeeze_regroup" in engines
    assert list(squeeze.in_order) != sorted(squeeze.in_order)  # type: ignore[attr-defined]

    layers = {x.name: x.operator for x in network}
    kind = layers["fire2_squeeze"].inputs[0]
    shape = (1, kind.channels, kind.height, kind.width)
    picture = np.random.default_rng(5).integers(0, 256, shape)
    squeezed = layers["fire2_squeeze"].golden(picture)
    expected = layers["fire2_expand"].golden(squeezed).reshape(-1)

    numbers = " ".join(map(str, picture.reshape(-1).tolist()))
    result = subprocess.run([binary], input=numbers, capture_output=True, text=True, check=True)
    assert [int(x) for x in result.stdout.split()] == expected.tolist()
    assert len(set(expected.tolist())) > 10


def test_orders_of_the_header_are_the_engines(tmp_path: Path) -> None:
    network, chosen = planned()
    generate(network, replace(chosen, board=None), tmp_path / "hls")
    for instance in build(network, chosen).instances:
        if instance.module != "conv":
            continue
        text = (tmp_path / "hls" / "layers" / f"{instance.name}.hpp").read_text()
        for name in ("in_order", "out_order"):
            match = re.search(rf"static const int {name}\[(\d+)\] = \{{(.*?)\}};", text, re.DOTALL)
            assert match
            values = [int(x) for x in re.findall(r"\d+", match[2])]
            assert values == list(getattr(instance.engine, name))
            assert len(values) == int(match[1])
