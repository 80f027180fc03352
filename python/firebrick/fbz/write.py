# SPDX-License-Identifier: Apache-2.0
"""Contents to the bytes of a `.fbz` file."""

from __future__ import annotations

import zlib

import numpy as np

from firebrick.fbz import codes, head, integers, streams
from firebrick.fbz.contents import CodesSize, Contents, Packed


def pack(contents: Contents) -> Packed:
    """Every layer's codes in the smallest form, all constants behind them.

    Raises:
        FirebrickError: the metadata are too large to be read again.
    """
    leading = {name: codes.pointwise(x) for name, x in contents.codes.items()}
    parts = {
        name: [codes.encode(x) for x in codes.parts(array, leading[name])]
        for name, array in contents.codes.items()
    }
    kinds = {
        kind: integers.encode(np.concatenate(list(arrays.values())))
        for kind, arrays in contents.constants.items()
    }
    numbers = [x for of_layer in parts.values() for part in of_layer for x in part.numbers]
    made = iter(streams.encode([*numbers, *(widths for _, widths, _ in kinds.values())]))
    sections: list[bytes] = []
    sizes: dict[str, CodesSize] = {}
    layers, constants = [], []
    for name, array in contents.codes.items():
        section, listed, said = b"", [], []
        for part in parts[name]:
            mine = [next(made) for _ in part.numbers]
            section += b"".join(data for _, data in mine)
            listed.append([part.encoding, *(x.fields for x, _ in mine)])
            if len(part.numbers[0]):
                said.append(" ".join([part.encoding, *(x.coder for x, _ in mine)]))
        shape = {"shape": list(array.shape), "pointwise": leading[name], "parts": listed}
        layers.append({"name": name} | shape | {"crc32": zlib.crc32(section)})
        sections.append(section)
        sizes[name] = CodesSize(" + ".join(said), len(section))
    of_codes = sum(map(len, sections))
    for kind, arrays in contents.constants.items():
        differences, _, rest = kinds[kind]
        stream, coded = next(made)
        sections.append(coded + rest)
        constants.append(
            {
                "kind": kind,
                "counts": {name: len(x) for name, x in arrays.items()},
                "differences": int(differences),
                "widths": stream.fields,
                "bytes": len(rest),
                "crc32": zlib.crc32(sections[-1]),
            }
        )
    document = {"metadata": dict(contents.metadata), "codes": layers, "constants": constants}
    start = head.pack(document, contents.size, contents.digest)
    data = start + b"".join(sections)
    return Packed(data, sizes, len(data) - len(start) - of_codes, len(start))
