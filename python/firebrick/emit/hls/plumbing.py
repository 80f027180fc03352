# SPDX-License-Identifier: Apache-2.0
"""Functions in C++ of what is no layer: `image`, whose beats are pixels, and `broadcast`."""

from __future__ import annotations

from firebrick.emit.hls.function import CppFunction, beat
from firebrick.ops.image import ImageEngine
from firebrick.ops.plumbing import BroadcastEngine


class ImageFunction(CppFunction):
    """Beats that enter carry all channels of their pixels."""

    engine: ImageEngine

    def beats(self) -> dict[str, str]:
        """Types of its beats by their names in its `Cfg`."""
        output = self.engine.operator.output
        values = self.engine.pixels * output.channels
        return super().beats() | {"in_beat": f"firebrick::beat<{values}, {output.bits}>"}


class BroadcastFunction(CppFunction):
    """It knows of no tensor, and of frames only how long they are."""

    HEADER = False
    engine: BroadcastEngine

    def beats(self) -> dict[str, str]:
        """Type of all its beats."""
        return {"in_beat": beat(self.engine.stream)}

    def parameters(self) -> dict[str, int]:
        """Constants of its `Cfg`, in lower case."""
        return self.engine.parameters() | {"frame_beats": self.engine.stream.frame_beats}
