# SPDX-License-Identifier: Apache-2.0
"""Keys of what is kept: of contents, of folders, and of all the code that makes a thing."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

from firebrick.data import PACKAGE, data_folder

LENGTH = 32
"""Hexadecimal digits of a key: contents that differ do not meet, not even on purpose."""
IMPORT = re.compile(
    rf"^[ \t]*from[ \t]+({PACKAGE.name}[\w.]*)[ \t]+import[ \t]+(\([^)]*\)|[^\n]*)"
    rf"|^[ \t]*import[ \t]+({PACKAGE.name}[^\n]*)"
    rf"|[\"']({PACKAGE.name}(?:\.\w+)+)[\"']",
    re.MULTILINE,
)
"""Module and names of a `from`, modules of an `import`, a module that is named as a text: it may be
imported later, or run as a process."""
UNSEEN = re.compile(r"#[^\n]*|\\\n")
"""What may stand within an import and is no part of it."""
COMPILED = "__pycache__"


def content_key(*parts: str | bytes) -> str:
    """Key of contents in their order; where one ends and the next begins counts."""
    sha = hashlib.sha256()
    for part in parts:
        data = part.encode(errors="surrogatepass") if isinstance(part, str) else part
        sha.update(len(data).to_bytes(8, "little") + data)
    return sha.hexdigest()[:LENGTH]


def files_key(files: Mapping[str, bytes]) -> str:
    """Key of files by name, in their order."""
    return content_key(*(part for item in files.items() for part in item))


def folder_key(folder: Path, leave: Iterable[str] = ()) -> str:
    """Key of all files in a folder.

    Args:
        folder: the folder.
        leave: names of files that do not count.
    """
    without = {COMPILED, *leave}
    found = (x for x in sorted(folder.rglob("*")) if x.is_file())
    names = ((x.relative_to(folder), x) for x in found)
    return files_key({str(n): x.read_bytes() for n, x in names if not without & set(n.parts)})


@cache
def data_key(*folders: str) -> str:
    """Key of data folders, such as ``hw`` or ``sim/lib``."""
    paths = (data_folder(top) / rest for top, _, rest in (x.partition("/") for x in folders))
    return content_key(*map(folder_key, paths))


@cache
def code_key(*modules: str) -> str:
    """Key of the code that makes a thing, so that nothing other code made is taken for its work.

    Args:
        modules: that make it, such as ``firebrick.search.planner``. What they import counts,
            directly or not, wherever in a file they do so; and files beside such a module that are
            no code.

    Raises:
        ValueError: when there is no such module.
    """
    root = PACKAGE.parent
    return files_key({str(x.relative_to(root)): x.read_bytes() for x in code_of(*modules)})


def code_of(*modules: str) -> list[Path]:
    """Files of the package that modules follow from, in a fixed order.

    Raises:
        ValueError: when there is no such module.
    """
    known = known_modules()
    for module in modules:
        if module not in known:
            raise ValueError(f"{module}: is no module of {PACKAGE.name}")
    found: set[Path] = set()
    seen: set[str] = set()
    todo = set(modules)
    while todo:
        # Packages are run before what is in them.
        named = {x for name in todo for x in _with_parents(name)} - seen
        seen |= named
        paths = {known[x] for x in named if x in known}
        found |= paths
        todo = {x for path in paths for x in imported(path.read_text())} - seen
    beside = (x for folder in {x.parent for x in found} for x in folder.iterdir())
    return sorted({*found, *(x for x in beside if x.is_file() and x.suffix != ".py")})


def known_modules() -> dict[str, Path]:
    """Files of all modules of the package by name."""
    paths = PACKAGE.rglob("*.py")
    names = ((".".join(x.relative_to(PACKAGE.parent).with_suffix("").parts), x) for x in paths)
    return {name.removesuffix(".__init__"): path for name, path in names}


def imported(text: str) -> Iterator[str]:
    """Names that a module imports; of some only a part is a module."""
    for package, names, modules, named in IMPORT.findall(UNSEEN.sub(" ", text)):
        yield from (x.split()[0] for x in modules.split(",") if x.strip())
        yield from (f"{package}.{x}" for x in re.findall(r"(\w+)(?:\s+as\s+\w+)?", names))
        yield from (x for x in (package, named) if x)


def _with_parents(name: str) -> Iterator[str]:
    """A name and all in front of its dots."""
    parts = name.split(".")
    return (".".join(parts[:end]) for end in range(1, len(parts) + 1))
