# SPDX-License-Identifier: Apache-2.0
"""Files that hold a network but none that is read: how its framework writes ONNX instead."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType

TORCH = '`torch.onnx.export(model.eval(), image, "model.onnx")` in PyTorch'
KERAS = '`model.export("model.onnx", format="onnx")` in Keras'
TF2ONNX = "`python -m tf2onnx.convert"
EXPORTS = MappingProxyType(
    {
        ".pt": TORCH,
        ".pth": TORCH,
        ".ckpt": TORCH,
        ".safetensors": f"weights alone make no network: build it, load them, then {TORCH}",
        ".keras": KERAS,
        ".h5": f"{KERAS}, or {TF2ONNX} --keras model.h5 --output model.onnx`",
        ".hdf5": KERAS,
        ".tflite": f"{TF2ONNX} --tflite model.tflite --output model.onnx`, of a float model",
        ".pb": f"{TF2ONNX} --saved-model folder --output model.onnx`",
    }
)
"""By the ending of a file; nothing of what is in it is read or run."""


def instead_of(source: str) -> str:
    """What to do about a source that is none, in words."""
    how = EXPORTS.get(Path(source).suffix.lower())
    if how is not None:
        return f"write the network as ONNX: {how}"
    if "squeeze" in source.lower() and not Path(source).suffix.strip(".01"):
        return "the trained network that comes with firebrick is called squeezenet1.1"
    return "give a network as an ONNX file, as PyTorch, Keras or tf2onnx write it"
