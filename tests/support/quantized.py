# SPDX-License-Identifier: Apache-2.0
"""Trained networks as `quantize` makes them, kept under a key of them and of the code."""

from pathlib import Path

from firebrick import frontend, images, passes
from firebrick.files.cache import kept_folder
from firebrick.files.key import code_key, content_key
from firebrick.quantize.integer_onnx import export
from firebrick.quantize.options import QuantizeOptions
from firebrick.quantize.quantizer import quantize

ROOT = Path(__file__).resolve().parents[2]
MAKERS = (*(x.__name__ for x in (frontend, passes, images, export)), quantize.__module__)


def quantized_file(source: str) -> Path:
    """Quantized model of a source that `frontend.load` takes."""
    path = Path(source)
    key = content_key(code_key(*MAKERS), path.read_bytes() if path.is_file() else source)
    name = f"{path.stem}.onnx"

    def make(scratch: Path) -> Path:
        graph = passes.prepare(frontend.load(source))
        photographs = images.load_samples(images.CALIBRATION)
        export.write(quantize(graph, QuantizeOptions(), photographs), scratch / name)
        return scratch

    return kept_folder(ROOT / "build" / "models" / f"{path.stem}-{key}", make, name) / name
