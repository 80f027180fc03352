# SPDX-License-Identifier: Apache-2.0
"""The instances of a generated folder, read back from its top."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from firebrick.emit.generate import MANIFEST
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
    """Instances of a folder that `firebrick generate` wrote.

    Raises:
        FirebrickError: naming the folder, when it is none.
    """
    path = folder / f"{TOP}.sv"
    if not path.is_file() or not (folder / MANIFEST).is_file():
        raise FirebrickError(f"{folder}: is no generated folder, it lacks {path.name}")
    text = path.read_text()
    names = set(json.loads((folder / MANIFEST).read_text())["memories"])
    parts = tuple(_part(match, folder, names) for match in INSTANCE.finditer(text))
    if len(parts) != len(re.findall(r"\bu_\w+ \($", text, re.MULTILINE)):
        raise FirebrickError(f"{path}: is not as generated, some instance cannot be read")
    return parts


def _part(match: re.Match[str], folder: Path, memories: set[str]) -> Part:
    module, body, name = match.groups()
    parameters = dict(PARAMETER.findall(body or ""))
    images = {}
    if parameters.pop(PREFIX, None):
        for file in sorted(x for x in memories if x.startswith(f"{name}.")):
            images[f"{module}.{file.removeprefix(f'{name}.')}"] = (folder / file).read_text()
    return Part(name, module, parameters, images)
