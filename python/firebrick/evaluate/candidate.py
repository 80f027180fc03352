# SPDX-License-Identifier: Apache-2.0
"""A model that is to be evaluated, of floats or of integers."""

from __future__ import annotations

from dataclasses import dataclass

from firebrick.evaluate.logits import SIMULATED, Logits, float_logits, integer_logits
from firebrick.frontend.told import METADATA
from firebrick.ir.graph import Graph
from firebrick.ir.network import Network
from firebrick.ir.rules import shapes
from firebrick.plan.plan import Plan
from firebrick.preprocessing import Preprocessing
from firebrick.progress import Progress
from firebrick.verify.rtl_engine import default_plan

FLOAT = "floats"


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A model that is to be evaluated.

    Attributes:
        name: of it.
        engine: who computes it; floats have one of their own.
        labels: names of its logits, empty where it has none.
        count: of its logits.
        how: its preprocessing.
        shape: of its image, border included: channels, height, width.
        scale: real value of one step of its logits.
        values: of all its layers, of one image.
        logits: computes it.
        preprocessing_from: who says how an image becomes its input.
    """

    name: str
    engine: str
    labels: tuple[str, ...]
    count: int
    how: Preprocessing
    shape: tuple[int, int, int]
    scale: float
    values: int
    logits: Logits
    preprocessing_from: str

    @property
    def is_float(self) -> bool:
        """Whether others can be held against it."""
        return self.engine == FLOAT


def of_floats(name: str, graph: Graph, preprocessing_from: str) -> Candidate:
    """A float model; `preprocessing_from` says who says how an image becomes its input."""
    known = shapes(graph)
    image = graph.input
    values = sum(x.channels * x.height * x.width for x in known.values())
    count, how = known[graph.nodes[-1].name].channels, graph.preprocessing
    return Candidate(
        *(name, FLOAT, graph.labels, count, how, (image.channels, image.height, image.width)),
        *(1.0, values, float_logits(graph), preprocessing_from),
    )


def of_integers(
    name: str,
    network: Network,
    engine: str,
    plan: Plan | None,
    images: int,
    progress: Progress,
) -> Candidate:
    """A quantized model; of simulated hardware the plan is found first.

    Args:
        name: of it.
        network: quantized.
        engine: who computes it.
        plan: of the hardware that is simulated; None for one that simulates fast.
        images: that it will be given in all.
        progress: told about plans and builds.

    Raises:
        FirebrickError: see `integer_logits`.
    """
    if engine in SIMULATED and plan is None:
        plan = default_plan(network, progress)
    logits = integer_logits(network, engine, plan, images, progress)
    types, image = network.types(), network.image
    return Candidate(
        name=name,
        engine=engine,
        labels=network.labels,
        count=types[network.output].channels,
        how=network.preprocessing,
        shape=(image.channels, image.height, image.width),
        scale=network.scales[network.output],
        values=sum(x.values for x in types.values()),
        logits=logits,
        preprocessing_from=METADATA,
    )
