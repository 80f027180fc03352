# SPDX-License-Identifier: Apache-2.0
"""The instances of a generated folder, read back from its tops."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from firebrick.checked.documents import LARGEST_JSON, parse_json
from firebrick.checked.fields import Fields
from firebrick.emit.folder import (
    MOST_FILES,
    MOST_TOTAL,
    inner_path,
    names_of,
    read_all,
    text_of,
)
from firebrick.emit.rtl.generate import MANIFEST
from firebrick.emit.rtl.kernel_top import KERNEL
from firebrick.emit.rtl.network_top import TOP
from firebrick.emit.rtl.own import require_own
from firebrick.errors import FirebrickError

OPEN = re.compile(r"  (\w+) (?:#\(|u_(\w+) \()", re.ASCII)
PARAMETER = re.compile(r"    \.(\w+)\((.*)\),?", re.ASCII)
CLOSE = re.compile(r"  \) u_(\w+) \(", re.ASCII)
END = "  );"
DECIMAL = re.compile(r"-?\d{1,20}", re.ASCII)
SIZED = re.compile(r"\d{1,4}'h([0-9a-f]{1,1024})", re.ASCII)
TEXT = re.compile(r'"[\w.+-]{0,200}"', re.ASCII)
PREFIX = "PREFIX"
LARGEST_TOP = 4 << 20
MOST_PARTS = 4096
MEMORY = ".mem"
"""Ending of the names of memory images."""


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

    def numbers(self) -> dict[str, int]:
        """Parameters as `Instance.parameters` has them."""
        return {x.lower(): number(y) for x, y in self.parameters.items() if not TEXT.fullmatch(y)}


def read_parts(folder: Path) -> tuple[Part, ...]:
    """Instances of a folder that `firebrick generate` wrote: the network's, then its shell.

    Raises:
        FirebrickError: naming folder, file and rule, when it is none or not as it was written.
    """
    for name in (f"{TOP}.sv", MANIFEST):
        if not (folder / name).is_file():
            raise FirebrickError(f"{folder}: is no generated folder, it lacks {name}")
    names = set(read_memories(folder))
    parts = _parts(folder, f"{TOP}.sv", names)
    if (folder / f"{KERNEL}.sv").is_file():
        parts += [x for x in _parts(folder, f"{KERNEL}.sv", names) if x.module != TOP]
    total = sum(len(text) for part in parts for text in part.images.values())
    if total > MOST_TOTAL:
        raise FirebrickError(f"{folder}: memory images of {total} bytes exceed {MOST_TOTAL}")
    return tuple(parts)


def read_memories(folder: Path) -> list[str]:
    """Names of memory images that the manifest lists; each is a file of the folder.

    Raises:
        FirebrickError: when it lists anything else; names field, value and rule.
    """
    path = folder / MANIFEST
    fields = Fields(parse_json(text_of(folder, MANIFEST, LARGEST_JSON), str(path)), str(path))
    target = fields.left.get("target", "rtl")
    fields.require(target == "rtl", "target", target, "is not 'rtl': generate --target rtl")
    names = fields.values("memories", MOST_FILES, "paths")
    for name in names:
        with refusing(fields, "memories", name):
            inner_path(folder, name)
        good = "/" not in str(name) and str(name).endswith(MEMORY)
        fields.require(good, "memories", name, f"does not lie in {folder}, or ends otherwise")
    return [str(x) for x in names]


@contextmanager
def refusing(fields: Fields, field: str, name: object) -> Iterator[None]:
    """Say which field of a manifest names a file that `inner_path` refuses in the block.

    Raises:
        FirebrickError: naming file, field, value and rule.
    """
    try:
        yield
    except FirebrickError as error:
        fields.require(False, field, name, f"is no path in {error.message}")


def copy_sources(
    folder: Path, tops: Sequence[str], target: Path, *, trusted: bool = False
) -> list[str]:
    """Copy SystemVerilog to where nothing can be exchanged, and no path can confuse a tool.

    Args:
        folder: generated.
        tops: files beside those of ``hw``.
        target: empty folder.
        trusted: they may be other than Firebrick's.

    Returns:
        Names of the copies.

    Raises:
        FirebrickError: naming file and rule, when one is not Firebrick's, or missing.
    """
    copied = []
    for name, data in read_all(folder, [*names_of(folder, "hw", ".sv"), *tops]):
        if not trusted:
            require_own(folder, name, data)
        copied.append(name.rpartition("/")[2])
        (target / copied[-1]).write_bytes(data)
    return copied


def is_literal(text: str) -> bool:
    """Whether a parameter's value is a decimal, a sized literal or a plain text in quotes."""
    return any(x.fullmatch(text) for x in (DECIMAL, SIZED, TEXT))


def number(literal: str) -> int:
    """Value of a decimal or a sized literal."""
    sized = SIZED.fullmatch(literal)
    return int(sized[1], 16) if sized else int(literal)


def _parts(folder: Path, top: str, memories: set[str]) -> list[Part]:
    parts: dict[str, Part] = {}
    for module, name, parameters in _instances(folder / top, text_of(folder, top, LARGEST_TOP)):
        if name in parts or len(parts) == MOST_PARTS:
            raise FirebrickError(
                f"{folder / top}: is not as generated, instance {name!r:.80} is there twice, or is "
                f"one of more than {MOST_PARTS}"
            )
        images = {}
        if parameters.pop(PREFIX, None):
            for file in sorted(x for x in memories if x.startswith(f"{name}.")):
                images[f"{module}.{file.removeprefix(f'{name}.')}"] = text_of(folder, file)
        parts[name] = Part(name, module, parameters, images)
    return list(parts.values())


def _instances(top: Path, text: str) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Module, name and parameters of each instance.

    Raises:
        FirebrickError: when lines of one are not as generated.
    """
    module = name = ""
    parameters: dict[str, str] = {}
    for line in text.split("\n"):
        if match := OPEN.fullmatch(line):
            complete = not module
            module, name, parameters = match[1], match[2] or "", {}
        elif module and not name:
            parameter, close = PARAMETER.fullmatch(line), CLOSE.fullmatch(line)
            complete = bool((parameter and is_literal(parameter[2])) or close)
            if parameter:
                parameters[parameter[1]] = parameter[2]
            elif close:
                name = close[1]
        else:
            complete = True
            if module and line == END:
                yield module, name, parameters
                module = ""
        if not complete:
            raise FirebrickError(
                f"{top}: is not as generated, some instance cannot be read: {line!r:.80} has no "
                "decimal, no sized literal and no plain text in quotes"
            )
    if module:
        raise FirebrickError(f"{top}: is not as generated, its last instance does not end")
