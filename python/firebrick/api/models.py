# SPDX-License-Identifier: Apache-2.0
"""Models as every step takes and gives them: of floats, and quantized."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from firebrick import frontend
from firebrick.errors import FirebrickError, naming
from firebrick.frontend import onnx_writer
from firebrick.ir.graph import Graph
from firebrick.ir.network import Network
from firebrick.passes import prepare
from firebrick.preprocessing import Preprocessing
from firebrick.quantize import footprint
from firebrick.quantize.fold_input import fold_input
from firebrick.quantize.integer_onnx import export
from firebrick.quantize.integer_onnx import load as integer_onnx
from firebrick.quantize.options import QuantizeOptions


@dataclass(frozen=True, slots=True, eq=False)
class FloatModel:
    """A trained network of floats.

    Attributes:
        graph: its layers, weights, and labels.
        preprocessing_from: who says how a photograph becomes its input.
    """

    graph: Graph
    preprocessing_from: str

    def __repr__(self) -> str:
        """What it is, without its weights."""
        name, image = self.graph.name, self.graph.input
        size = f"{image.channels}x{image.height}x{image.width}"
        return f"FloatModel({name!r}, {size}, {len(self.graph.nodes)} nodes)"

    @property
    def preprocessing(self) -> Preprocessing:
        """How a photograph becomes its input."""
        return self.graph.preprocessing

    def save(self, path: str | Path) -> None:
        """Write an ordinary float ONNX file, which says how to preprocess.

        Raises:
            FirebrickError: naming the file and the rule.
        """
        onnx_writer.write(self.graph, Path(path))


@dataclass(frozen=True, slots=True, eq=False)
class QuantizedModel:
    """A network of integers only.

    Attributes:
        network: its operators, in order; `golden()` computes them.
        notes: what was measured when it was quantized, as texts: ``sqnr_db`` and others.
        measured_on: where the images for that came from; empty where it is not known.
    """

    network: Network
    notes: Mapping[str, str] = field(default_factory=dict)
    measured_on: str = ""

    def __repr__(self) -> str:
        """What it is, without its weights."""
        network, image = self.network, self.network.image
        size = f"{image.channels}x{image.height}x{image.width}"
        quality = f", {self.notes['sqnr_db']} dB" if "sqnr_db" in self.notes else ""
        return f"QuantizedModel({network.name!r}, {size}, {len(network.layers)} layers{quality})"

    @property
    def sqnr_db(self) -> float | None:
        """Signal to quantization noise of the logits, dB; None where it was not measured."""
        return float(self.notes["sqnr_db"]) if "sqnr_db" in self.notes else None

    def save(self, path: str | Path) -> None:
        """Write a standard ONNX file of integers, which onnxruntime and `load` read.

        Raises:
            FirebrickError: naming the file and the rule.
        """
        export.write(self.network, Path(path), notes=self.notes)


def import_model(
    source: str | Path,
    *,
    size: int | None = None,
    preset: str | None = None,
    mean: float | Sequence[float] | None = None,
    std: float | Sequence[float] | None = None,
    channels: str | None = None,
    resize: int | None = None,
    labels: str | Path | None = None,
) -> FloatModel:
    """Read a trained classifier, wherever it comes from; `firebrick import` in a program.

    Args:
        source: ``squeezenet1.1`` (pretrained), a ``.net`` file of Deep Compression, or ``.onnx``.
        size: sides of an ``.onnx`` input that is open, pixels.
        preset: ``torchvision``, ``caffe``, ``keras`` or ``none``: what the fields below are unless
            they are given.
        mean: of the channels, 0 to 255; a number for all of them.
        std: divisors of the channels, 0 to 255; the same.
        channels: order the model expects: ``RGB`` or ``BGR``; ``GREY`` of one.
        resize: shorter side, pixels, before the centre is cut out.
        labels: file of the classes' names, one a line, in the order of the logits.

    Raises:
        FirebrickError: naming the source, layer, field, value and rule; also what `quantize`
            would refuse.
    """
    given: dict[str, Any] = {
        "mean": _of_channels(mean),
        "std": _of_channels(std),
        "channels": channels,
        "resize": resize,
    }
    chosen = {name: value for name, value in given.items() if value is not None}
    names = None if labels is None else Path(labels)
    loaded = frontend.read(str(source), size=size, preset=preset, chosen=chosen, labels=names)
    with naming(source):
        footprint.check(fold_input(prepare(loaded.graph)), QuantizeOptions())
    return FloatModel(loaded.graph, loaded.preprocessing_from)


def _of_channels(values: float | Sequence[float] | None) -> tuple[float, ...] | None:
    """A number a channel; three equal ones stand for any number of channels."""
    if values is None:
        return None
    return (float(values),) * 3 if isinstance(values, int | float) else tuple(map(float, values))


def load(path: str | Path) -> FloatModel | QuantizedModel:
    """Read what `import_model` or `quantize` gave and `save` wrote.

    Raises:
        FirebrickError: naming the file, the place in it and the rule.
    """
    path = Path(path)
    if integer_onnx.holds_integers(path):
        return QuantizedModel(integer_onnx.read(path), integer_onnx.read_notes(path))
    return import_model(path)


def as_float(model: FloatModel | str | Path) -> FloatModel:
    """A model of floats, or that of a file.

    Raises:
        FirebrickError: the file cannot be read.
    """
    if isinstance(model, FloatModel):
        return model
    if isinstance(model, QuantizedModel):
        raise FirebrickError(f"{model.network.name}: is quantized already: give the float model")
    return FloatModel(frontend.load(str(model)), str(model))


def as_network(model: QuantizedModel | str | Path) -> Network:
    """The integers of a quantized model, or of a file.

    Raises:
        FirebrickError: the file cannot be read, or is not quantized.
    """
    if isinstance(model, FloatModel):
        raise FirebrickError(f"{model.graph.name}: is of floats: give what quantize makes of it")
    return model.network if isinstance(model, QuantizedModel) else integer_onnx.read(Path(model))
