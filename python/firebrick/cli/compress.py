# SPDX-License-Identifier: Apache-2.0
"""`compress`: a quantized model to one small file; `import` gives the model back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from firebrick.cli.options import Json, Quantized

SUFFIX = ".fbz"
"""Of what `compress` writes."""


def compress(
    model: Quantized,
    output: Annotated[Path, typer.Option("--output", "-o", help="`.fbz` file to write.")],
    json: Json = False,
) -> None:
    """Write a quantized model as small as it gets without losing anything, as a `.fbz` file.

    Every layer's codes are stored dense, with a mask or with gaps, packed or entropy-coded,
    whichever is smallest; constants, geometry, labels and notes are in the file as well.
    Every command that takes a quantized model takes such a file, and `import` gives the ONNX file
    back, byte for byte. The floats that it is compared with are weights and biases, 4 bytes each.

    Example: `firebrick compress q.onnx -o model.fbz`
    """
    from firebrick import console
    from firebrick.cli.display import show
    from firebrick.errors import naming
    from firebrick.files.output import check_apart, whole_file
    from firebrick.ops.conv.operator import Conv
    from firebrick.quantize.integer_onnx import compressed, load

    check_apart(output, model)
    network, data = load.read(model), load.read_bytes(model)
    with naming(model):
        packed = compressed.compress(data, network)
    with whole_file(output) as temporary:
        temporary.write_bytes(packed.data)
    floats = {
        layer.name: 4 * (int(conv.true_weights.sum()) + conv.bias.size)
        for layer, conv in network.each(Conv)
    }
    layers = [
        {"name": name, "encoding": x.encoding, "bytes": x.size, "float_bytes": floats[name]}
        for name, x in packed.codes.items()
    ]
    fields = {
        "output": str(output),
        "bytes": len(packed.data),
        "float_bytes": sum(floats.values()),
        "constants_bytes": packed.constants,
        "head_bytes": packed.head,
    }
    if json:
        show(network.name, fields | {"layers": layers}, json)
        return
    rows: list[list[object]] = [list(x.values()) for x in layers]
    rows.append(["all layers", "codebooks, biases, multipliers", packed.constants, ""])
    rows.append(["file", "names, geometry, labels, notes, checksums", packed.head, ""])
    rows.append(["sum", "", len(packed.data), sum(floats.values())])
    console.table(f"{network.name}, compressed", ("layer", "encoding", "bytes", "as floats"), rows)


def restore(source: Path, output: Path, options: Mapping[str, object], json: bool) -> None:
    """Write the ONNX file that a `.fbz` file was made from.

    Args:
        source: the `.fbz` file.
        output: ONNX file to write.
        options: of `import`, by name; none may be given.
        json: print one JSON object.

    Raises:
        FirebrickError: naming the file, the place in it and the rule.
    """
    from firebrick.cli.display import show
    from firebrick.errors import FirebrickError
    from firebrick.files.output import whole_file
    from firebrick.quantize.integer_onnx import load

    for name, value in options.items():
        if value is not None:
            raise FirebrickError(
                f"{source}: --{name} is for float models, this one comes back as it was compressed"
            )
    network = load.read(source)
    with whole_file(output) as temporary:
        temporary.write_bytes(load.read_bytes(source))
    how, image = network.preprocessing, network.image
    top, left, bottom, right = how.border
    preprocessing = {
        "width": image.width - left - right,
        "height": image.height - top - bottom,
        "resize": how.resize,
        "channels": how.channels,
        "mean": list(how.mean),
        "std": list(how.std),
        "source": "the file",
    }
    fields = {"output": str(output), "model": network.name, "layers": len(network.layers)}
    show(network.name, fields | {"preprocessing": preprocessing}, json)
