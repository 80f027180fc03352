# SPDX-License-Identifier: Apache-2.0
"""Fire modules of SqueezeNet at their real shape, on real activations, with stalls.

Without stalls each is simulated in `test_squeezenet.py` as well: the one with the most channels
is always here, the others are in `make test-all`.
"""

from pathlib import Path

import numpy as np
import pytest

from firebrick.hardware.tensor import IntArray
from firebrick.images import load_pixels
from firebrick.ir.network import Network
from firebrick.plan.pipeline import build
from firebrick.progress import silent
from firebrick.search.goal import Goal
from firebrick.search.planner import plan
from firebrick.verify.compare import compare
from firebrick.verify.simulation.network_bench import build_network, simulate
from firebrick.verify.simulation.verilator import LONG
from networks import fire_network

MULTIPLIERS = 64
OFTEN = (9,)


@pytest.fixture(scope="module")
def activations(squeezenet: Network) -> dict[str, IntArray]:
    """Every layer's output for two photographs."""
    image = squeezenet.image
    shape = (squeezenet.preprocessing.resize, image.height, image.width)
    pixels = np.stack([load_pixels(name, *shape) for name in ("chelsea", "coffee")])
    return squeezenet.golden(pixels.astype(np.int64))


@pytest.mark.parametrize(
    "number", [pytest.param(x, marks=() if x in OFTEN else pytest.mark.slow) for x in range(2, 10)]
)
def test_fire_equals_reference(
    number: int,
    squeezenet: Network,
    activations: dict[str, IntArray],
    build_root: Path,
    tmp_path: Path,
) -> None:
    fire = fire_network(squeezenet, number)
    source = next(x for x in squeezenet if x.name == f"fire{number}_squeeze").inputs[0]
    chosen = plan(fire, Goal(multipliers=MULTIPLIERS))
    pipeline = build(fire, chosen)
    binary = build_network(fire, pipeline, build_root, optimize=LONG)
    for run, stalls in enumerate([(0, 0), (16, 16)]):
        workdir = tmp_path / str(run)
        workdir.mkdir()
        cycles = chosen.cycles_per_frame
        result = simulate(
            binary,
            pipeline,
            activations[source],
            workdir,
            cycles,
            stalls=stalls,
            seed=number,
            progress=silent,
        )
        reference = {x.name: activations[x.name] for x in fire}
        differing = {x.layer: x.differing for x in compare(reference, result.tensors)}
        assert differing == {x.name: 0 for x in fire}
        if stalls == (0, 0):
            simulated = result.ends[1] - result.ends[0]
            assert abs(simulated - cycles) <= cycles // 100
