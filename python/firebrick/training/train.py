# SPDX-License-Identifier: Apache-2.0
"""From a network and labelled images to a quantized model: dense, pruned, tuned as integers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from firebrick import frontend
from firebrick.frontend import onnx_writer
from firebrick.images import framed
from firebrick.ir.graph import ConvNode, Graph
from firebrick.ir.network import Network
from firebrick.passes import prepare
from firebrick.quantize import quantizer
from firebrick.quantize.integer_onnx import export
from firebrick.quantize.quality import sqnr_db, statistics
from firebrick.training import curves, history, pruning
from firebrick.training.data import calibration, normalized
from firebrick.training.float_module import FloatModule
from firebrick.training.integer_module import IntegerModule
from firebrick.training.settings import Settings
from firebrick.training.stage import Run, Stage, run_stage, share_right

CALIBRATION = 256
"""Images to quantize on."""
MEASURED = 500
"""Held-out images, at most, that SQNR is measured on."""
PRUNE_RATE, RETRAIN_RATE = 0.1, 0.3
"""Learning rates of pruning and of retraining, as parts of the largest one of dense training."""
TUNE_RATES = {"latent": 0.05, "book": 0.02, "moved": 0.02}
"""Adam's, in steps of a weight, of a codebook value, of the output."""
FLOAT, PRUNED, QUANTIZED = "float.onnx", "pruned.onnx", "quantized.onnx"
METRICS, CURVES = "metrics.jsonl", "curves.png"


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """What came of it.

    Attributes:
        network: of integers.
        notes: measured of it: SQNR on held-out images, against the floats it was made of.
        held_out: share of the held-out images that are right, by file.
        kept: share of the weights that are not zero.
    """

    network: Network
    notes: Mapping[str, str]
    held_out: Mapping[str, float]
    kept: float


def train(graph: Graph, run: Run) -> Trained:
    """Train, prune, retrain, quantize, tune; go on where an earlier run in the folder ended.

    Args:
        graph: as it was read or built.
        run: settings, images, folder, processes.

    Raises:
        FirebrickError: a layer cannot be trained, or a loss is no number.
    """
    settings = run.settings
    torch.manual_seed(settings.seed)
    stages = _float_stages(graph, settings)
    run.epochs = sum(x.epochs for x in stages.values()) + settings.tune_epochs
    last = run.folder / _floats(graph, stages, run)
    final = prepare(frontend.load(str(last)))
    network = _quantized(final, run)
    masks = {x.name: x.weights != 0 for x in final.each(ConvNode)}
    tuner = IntegerModule(network, masks)
    run_stage(_tune_stage(len(stages), network, settings), tuner, run)
    network = tuner.to_network()
    pixels = run.held_out.pixels[:MEASURED].numpy()
    sqnr = sqnr_db(final, network, pixels)
    notes = {"sqnr_db": str(round(sqnr, 2)), "sqnr_photographs": str(len(pixels))}
    right = {x: _share(run, y) for x, y in ((FLOAT, "dense"), (PRUNED, "retrain"))}
    right[QUANTIZED] = share_right(tuner, run.held_out, partial(_framed, network))
    if run.workers.writes:
        export.write(network, run.folder / QUANTIZED, notes=notes)
        history.write(run.history, run.folder / METRICS)
        curves.draw(run.history, run.folder / CURVES)
    found = statistics(network)
    measured = {x: y for x, y in right.items() if y is not None}
    return Trained(network, notes, measured, found["nonzero"] / found["weights"])


def _floats(graph: Graph, stages: Mapping[str, Stage], run: Run) -> str:
    """Train floats, stage by stage; returns the name of the last file."""
    module = FloatModule(graph, normalize=run.settings.normalize)
    files = {"dense": FLOAT, "retrain": PRUNED}
    for name, stage in stages.items():
        over = run.found is not None and run.found["stage"] > stage.number
        run_stage(stage, module, run)
        if name in files and not over and run.workers.writes:
            onnx_writer.write(module.eval().to_graph(), run.folder / files[name])
    run.workers.wait()
    return files[list(stages)[-1]]


def _float_stages(graph: Graph, settings: Settings) -> dict[str, Stage]:
    """Dense training; and pruning and retraining, if weights are to go."""
    view = partial(normalized, how=graph.preprocessing)

    def sgd(rate: float) -> Callable[[nn.Module], torch.optim.Optimizer]:
        return lambda module: torch.optim.SGD(
            module.parameters(), rate, momentum=0.9, weight_decay=settings.decay, nesterov=True
        )

    def one_cycle(rate: float) -> Callable[..., torch.optim.lr_scheduler.LRScheduler]:
        return lambda optimizer, steps: torch.optim.lr_scheduler.OneCycleLR(
            optimizer, rate, total_steps=steps + 1
        )

    def no_masks(_module: nn.Module, _epoch: int) -> None:
        """All weights are trained."""

    def prune(module: FloatModule, number: int) -> None:
        share = pruning.share_of_step(settings.keep, number, settings.prune_epochs)
        pruning.prune_to(module.convolutions, pruning.counts(module.convolutions, share))

    def pruned(module: FloatModule, _epoch: int) -> None:
        pruning.prune_to(module.convolutions, pruning.counts(module.convolutions, settings.keep))

    rate = settings.rate
    dense = Stage(*("dense", 0, settings.epochs, sgd(rate), one_cycle(rate), view, no_masks, _kept))
    if settings.keep == 1:
        return {"dense": dense}
    low, high = rate * PRUNE_RATE, rate * RETRAIN_RATE
    return {
        "dense": dense,
        "prune": Stage(
            *("prune", 1, settings.prune_epochs, sgd(low), _constant, view, prune, _kept),
            choose=False,
        ),
        "retrain": Stage(
            *("retrain", 2, settings.retrain_epochs, sgd(high), one_cycle(high), view, pruned),
            _kept,
        ),
    }


def _tune_stage(number: int, network: Network, settings: Settings) -> Stage:
    """Tune integers, towards ever smaller steps."""

    def adam(module: nn.Module) -> torch.optim.Optimizer:
        named = list(module.named_parameters())
        groups = [
            {"params": [x for name, x in named if name.endswith(kind)], "lr": rate}
            for kind, rate in TUNE_RATES.items()
        ]
        return torch.optim.Adam(groups)

    def cosine(
        optimizer: torch.optim.Optimizer, steps: int
    ) -> torch.optim.lr_scheduler.LRScheduler:
        return torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)

    def nothing(_module: nn.Module, _epoch: int) -> None:
        """Masks are the module's own."""

    view = partial(_framed, network)
    return Stage("tune", number, settings.tune_epochs, adam, cosine, view, nothing, _kept)


def _constant(optimizer: torch.optim.Optimizer, steps: int) -> torch.optim.lr_scheduler.LRScheduler:
    return torch.optim.lr_scheduler.ConstantLR(optimizer, 1.0, steps)


def _kept(module: nn.Module) -> float:
    """Share of the weights that are not pruned."""
    if isinstance(module, IntegerModule):
        convs = module.layers.values()
        there = sum(int(x.operator.true_weights.sum()) for x in convs)
        return sum(int(x.mask.sum()) for x in convs) / there
    weights = [pruning.weights(x) for x in module.convolutions.values()]
    return sum(int((x != 0).sum()) for x in weights) / sum(x.numel() for x in weights)


def _framed(network: Network, pixels: Tensor) -> Tensor:
    """Pixels with the border that the network takes."""
    if not any(network.preprocessing.border):
        return pixels
    return torch.from_numpy(framed(pixels.numpy(), network.preprocessing))


def _quantized(final: Graph, run: Run) -> Network:
    """Where tuning begins."""
    pixels = calibration(run.training, CALIBRATION, run.settings.seed)
    options = run.settings.quantization
    return quantizer.quantize(final, options, np.ascontiguousarray(pixels), run.progress)


def _share(run: Run, stage: str) -> float | None:
    """Of held-out images that the best epoch of a stage has right."""
    return max((x.held_out for x in run.history if x.stage == stage), default=None)
