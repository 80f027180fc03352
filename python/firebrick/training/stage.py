# SPDX-License-Identifier: Apache-2.0
"""One stage of training: epochs, a checkpoint after each, the best state in the end."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from firebrick.errors import FirebrickError
from firebrick.files.output import whole_file
from firebrick.progress import Progress
from firebrick.training.data import Augmentation, Examples, epoch
from firebrick.training.history import Epoch
from firebrick.training.settings import Settings
from firebrick.training.workers import Workers

TEST_BATCH = 500
"""Images at a time that nothing is learnt from."""


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """What is done to a module.

    Attributes:
        name: of the stage.
        number: among all stages.
        epochs: of it.
        optimizer: given the module.
        schedule: of the learning rate, given the optimizer and the number of steps.
        view: what of the pixels the module takes.
        begin: what is done to the module before each epoch, counted from 1.
        kept: share of the weights that are not pruned, of the module.
        choose: whether the best epoch counts, not the last.
    """

    name: str
    number: int
    epochs: int
    optimizer: Callable[[nn.Module], torch.optim.Optimizer]
    schedule: Callable[[torch.optim.Optimizer, int], torch.optim.lr_scheduler.LRScheduler]
    view: Callable[[Tensor], Tensor]
    begin: Callable[[nn.Module, int], None]
    kept: Callable[[nn.Module], float]
    choose: bool = True


@dataclass(slots=True)
class Run:
    """All that a run of several stages shares.

    Attributes:
        settings: of the user.
        training: images to learn from.
        held_out: images that choices are made on.
        folder: where checkpoints are.
        workers: processes.
        progress: told the share of all epochs done.
        history: epochs so far, of all stages.
        epochs: of all stages.
        found: state that the last checkpoint has, until its stage takes it.
    """

    settings: Settings
    training: Examples
    held_out: Examples
    folder: Path
    workers: Workers
    progress: Progress
    history: list[Epoch] = field(default_factory=list)
    epochs: int = 1
    found: dict[str, Any] | None = None

    @property
    def checkpoint(self) -> Path:
        """File of the state after the last epoch."""
        return self.folder / "checkpoint.pt"


def run_stage(stage: Stage, module: nn.Module, run: Run) -> None:
    """Train a module in place.

    A stage that is over, by the checkpoint, is passed over; one that was interrupted goes on at the
    epoch that was, with the same images in the same order.

    Raises:
        FirebrickError: the loss is no number.
    """
    found = run.found
    if found is not None and found["stage"] > stage.number:
        return
    run.found = None
    steps = stage.epochs * -(-len(run.training) // run.settings.batch)
    first, best, best_state, waited = 1, -1.0, None, 0
    if found is not None and found["stage"] == stage.number:
        # Masks are there before the state is: its names are others with them.
        for number in range(1, found["epoch"] + 1):
            stage.begin(module, number)
        module.load_state_dict(found["module"])
        first, best, best_state = found["epoch"] + 1, found["best"], found["best_state"]
        waited = found["waited"]
    elif stage.epochs:
        stage.begin(module, 1)
    optimizer = stage.optimizer(module)
    schedule = stage.schedule(optimizer, max(1, steps))
    if first > 1 and found is not None:
        optimizer.load_state_dict(found["optimizer"])
        schedule.load_state_dict(found["schedule"])
    wrapped = run.workers.wrap(module)
    for number in range(first, stage.epochs + 1):
        if run.settings.patience and waited >= run.settings.patience:
            break
        start = time.perf_counter()
        if number > 1:
            stage.begin(module, number)
        loss = _epoch(stage, number, wrapped, optimizer, schedule, run)
        right = share_right(module, run.held_out, stage.view)
        if right >= best or not stage.choose:
            best, best_state, waited = right, copy.deepcopy(module.state_dict()), 0
        else:
            waited += 1
        seconds = round(time.perf_counter() - start, 1)
        kept = round(stage.kept(module), 4)
        run.history.append(Epoch(stage.name, number, round(loss, 5), right, kept, seconds))
        _keep(
            run,
            {
                "stage": stage.number,
                "epoch": number,
                "module": module.state_dict(),
                "optimizer": optimizer.state_dict(),
                "schedule": schedule.state_dict(),
                "best": best,
                "best_state": best_state,
                "waited": waited,
            },
        )
        _tell(run, 0.0)
    if best_state is not None:
        module.load_state_dict(best_state)


def share_right(module: nn.Module, examples: Examples, view: Callable[[Tensor], Tensor]) -> float:
    """Share of images whose best class is theirs."""
    module.eval()
    right = 0
    with torch.no_grad():
        for pixels, classes in zip(
            examples.pixels.split(TEST_BATCH), examples.classes.split(TEST_BATCH), strict=True
        ):
            right += int((module(view(pixels)).argmax(1) == classes).sum())
    return right / len(examples)


def _epoch(
    stage: Stage,
    number: int,
    module: nn.Module,
    optimizer: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
    run: Run,
) -> float:
    """Go through all images once; returns the mean loss."""
    module.train()
    settings, total, done = run.settings, 0.0, 0
    seed = (settings.seed, stage.number, number)
    augmentation = Augmentation(settings.shift, settings.mirror)
    workers = run.workers
    for pixels, classes in epoch(
        run.training, settings.batch, augmentation, seed, rank=workers.rank, world=workers.world
    ):
        loss = functional.cross_entropy(module(stage.view(pixels)), classes)
        value = float(loss.detach())
        if not math.isfinite(value):
            raise FirebrickError(
                f"train: stage {stage.name!r}, epoch {number}: loss={value} is no number: give a "
                f"lower --rate than {settings.rate}, or --batch-norm"
            )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        total += value * len(classes)
        done += len(classes)
        _tell(run, done * workers.world / len(run.training))
    return total / max(1, done)


def _tell(run: Run, share: float) -> None:
    """How far all stages are, with so much of an epoch done."""
    if run.workers.writes:
        run.progress("training", min(1.0, (len(run.history) + min(1.0, share)) / run.epochs))


def _keep(run: Run, state: dict[str, Any]) -> None:
    """Write a checkpoint, whole or not at all."""
    if run.workers.writes:
        state["history"] = [
            [x.stage, x.epoch, x.loss, x.held_out, x.kept, x.seconds] for x in run.history
        ]
        with whole_file(run.checkpoint) as temporary, temporary.open("wb") as file:
            torch.save(state, file)
    run.workers.wait()
