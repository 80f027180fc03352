# SPDX-License-Identifier: Apache-2.0
"""Several processes that train one network, as torchrun starts them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel


@dataclass(frozen=True, slots=True)
class Workers:
    """This process among all.

    Attributes:
        rank: 0 for the one that writes.
        world: number of processes.
    """

    rank: int = 0
    world: int = 1

    @property
    def writes(self) -> bool:
        """Whether this process writes files and shows progress."""
        return self.rank == 0

    def wrap(self, module: nn.Module) -> nn.Module:
        """A module whose gradients are the mean of all processes'."""
        return DistributedDataParallel(module) if self.world > 1 else module

    def wait(self) -> None:
        """Until all processes are here."""
        if self.world > 1:
            distributed.barrier()

    def bytes_exchanged(self, module: nn.Module) -> int:
        """Bytes that each process sends a step, by the ring: Patarasuk, Yuan, JPDC 69 (2009)."""
        size = sum(x.numel() * x.element_size() for x in module.parameters() if x.requires_grad)
        return 2 * (self.world - 1) * size // self.world


@contextmanager
def workers() -> Iterator[Workers]:
    """This process among those that torchrun has started; alone if it has not."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield Workers()
        return
    distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    try:
        yield Workers(distributed.get_rank(), distributed.get_world_size())
    finally:
        distributed.destroy_process_group()
