# SPDX-License-Identifier: Apache-2.0
"""The instances of a generated folder, read back from its tops."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from firebrick.emit.generate import MANIFEST
from firebrick.emit.kernel_top import KERNEL
from firebrick.emit.rtl import TOP
from firebrick.errors import FirebrickError

INSTANCE = re.compile(r"^  (\w+) (?:#\(\n(.*?)\n  \) )?u_(\w+) \(\n.*?^  \);$", re.M | re.S)
PARAMETER = re.compile(r"^    \.(\w+)\((.*?)\),?$", re.MULTILINE)
PREFIX = "PREFIX"


@dataclass(frozen=True, slots=True)
class Part:
    """One instance of a top.

    Attributes:
        name: of the instance, without ``u_``.
        module: name of the module.
        parameters: literals by parameter name, without the prefix of its memory files.
        images: text of its memory images by file name, with the name of the module in place of the
            instance's: modules look for that if no prefix is given.
    """

    name: str
    module: str
    parameters: dict[str, str]
    images: dict[str, str]


def read_parts(folder: Path) -> tuple[Part, ...]:
    """Instances of a folder that `firebrick generate` wrote: the network's, then its shell.

    Raises:
        FirebrickError: naming the folder, when it is none.
    """
    network, kernel = folder / f"{TOP}.sv", folder / f"{KERNEL}.sv"
    for path in (network, folder / MANIFEST):
        if not path.is_file():
            raise FirebrickError(f"{folder}: is no generated folder, it lacks {path.name}")
    names = set(json.loads((folder / MANIFEST).read_text())["memories"])
    parts = _parts(network, names)
    if kernel.is_file():
        parts += [part for part in _parts(kernel, names) if part.module != TOP]
    return tuple(parts)


def _parts(top: Path, memories: set[str]) -> list[Part]:
    text = top.read_text()
    parts = [_part(match, top.parent, memories) for match in INSTANCE.finditer(text)]
    if len(parts) != len(re.findall(r"\bu_\w+ \($", text, re.MULTILINE)):
        raise FirebrickError(f"{top}: is not as generated, some instance cannot be read")
    return parts


def _part(match: re.Match[str], folder: Path, memories: set[str]) -> Part:
    module, body, name = match.groups()
    parameters = dict(PARAMETER.findall(body or ""))
    images = {}
    if parameters.pop(PREFIX, None):
        for file in sorted(x for x in memories if x.startswith(f"{name}.")):
            images[f"{module}.{file.removeprefix(f'{name}.')}"] = (folder / file).read_text()
    return Part(name, module, parameters, images)
