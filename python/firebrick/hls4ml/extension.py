# SPDX-License-Identifier: Apache-2.0
"""Layers, templates, sources and passes that Firebrick adds to hls4ml's Vitis backend."""

from __future__ import annotations

from typing import Any

from hls4ml.backends import get_backend
from hls4ml.backends.template import FunctionCallTemplate
from hls4ml.model.attributes import Attribute
from hls4ml.model.flow import register_flow
from hls4ml.model.layers import Layer, register_layer
from hls4ml.model.optimizer import ModelOptimizerPass
from hls4ml.model.types import IntegerPrecisionType, PrecisionType

from firebrick.hls4ml.block import CLASSIFIER, FIRE, SINGLE, Block
from firebrick.hls4ml.block_text import block_file, block_space
from firebrick.hls4ml.fuse import FuseFire
from firebrick.hls4ml.optional import BACKEND
from firebrick.hls4ml.sources import ADAPTER, write_sources


class FirebrickLayer(Layer):  # type: ignore[misc]
    """A layer whose body is functions of Firebrick.

    Attributes of hls4ml:
        block: its functions.
        origin: lines of comment that say what it belongs to.
        output_precision: type of a value of the output; integers by default.
    """

    _expected_attributes = (
        Attribute("block", value_type=Block),
        Attribute("origin", value_type=tuple, default=()),
    )

    def initialize(self) -> None:
        """Declare the output."""
        block: Block = self.attributes["block"]
        kind = block.output.stream.tensor
        precision: PrecisionType = self.attributes.get("output_precision") or IntegerPrecisionType(
            kind.bits, kind.signed
        )
        self.add_output_variable(list(block.shape), precision=precision)


LAYERS = {
    kind: type(kind, (FirebrickLayer,), {"__doc__": f"Block of kind {kind}."})
    for kind in (FIRE, CLASSIFIER, *SINGLE.values())
}
"""Class of each kind of block."""


class FirebrickFunctionTemplate(FunctionCallTemplate):  # type: ignore[misc]
    """The call of a block."""

    def __init__(self) -> None:
        super().__init__(list(LAYERS.values()))

    def transform(self, model: Any, node: Any) -> bool:
        """Set a layer's include and its call; its stream needs no more than hides a handshake."""
        self.include_header = [block_file(node.name)]
        for reader in node.get_output_nodes():
            if not isinstance(reader, FirebrickLayer) or len(reader.inputs) > 1:
                break
        else:
            node.get_output_variable().pragma = ("stream", 2)
        return bool(super().transform(model, node))

    def format(self, node: Any) -> str:
        """The call."""
        inputs = [node.get_input_variable(x) for x in node.inputs]
        variables = [*inputs, node.get_output_variable()]
        types = ", ".join(x.type.name for x in variables)
        names = ", ".join(x.name for x in variables)
        return f"{block_space(node.name)}::run<{types}>({names});"


def write_firebrick(model: Any) -> None:
    """Add to a written project what its layers of Firebrick include."""
    nodes = [x for x in model.get_layers() if isinstance(x, FirebrickLayer)]
    if nodes:
        blocks = [(x.attributes["block"], x.attributes["origin"]) for x in nodes]
        write_sources(model.config.get_output_dir(), blocks)
        model.config.backend.writer.write_tar(model)  # again, with these files


def _install() -> None:
    backend = get_backend(BACKEND)
    for kind, layer in LAYERS.items():
        register_layer(kind, layer)
    backend.register_template(FirebrickFunctionTemplate)
    backend.register_source(ADAPTER)
    backend.register_pass(
        "write_firebrick",
        ModelOptimizerPass("write_firebrick", write_firebrick),
        flow=["vitis:write", "vitis:fifo_depth_optimization"],
    )
    backend.register_pass("fuse_fire", FuseFire)
    register_flow("fire", ["vitis:fuse_fire"], requires=["convert"], backend=backend.name)


_install()
