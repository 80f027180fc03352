# SPDX-License-Identifier: Apache-2.0
"""What an attacker may do to a file of ours: values, texts, lines, bytes, names, kinds of file."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

PWNED = "pwned"
"""File that every payload would make, had somebody run it."""
PRIVATE = "/etc/passwd"
"""File that no command reads."""
TEXTS = (
    "",
    "a b",
    "-rf",
    "--help",
    "../../outside",
    PRIVATE,
    "x" * 100_000,
    f"$(touch {PWNED})",
    f"`touch {PWNED}`",
    f"; touch {PWNED} ;",
    f"[exec touch {PWNED}]",
    f"3 image.z.sv ; exec -- touch {PWNED} ;",
    f'*/ int x = system("touch {PWNED}"); /*',
    f'"); initial $system("touch {PWNED}"); //',
    f"&x !!python/object/apply:os.system ['touch {PWNED}']",
    f'\n`include "{PRIVATE}"\n',
    "synopsys translate_off",
    "verilator public_flat_rw",
    f"<img src=x onerror=\"fetch('{PWNED}')\">",
    f"\x1b]0;{PWNED}\x07\x1b[2J",
    "\u202egpj.exe",
    "na\u00efve \U0001f9f1",
    "%s%n{0.__class__}{{7*7}}",
    '"',
    "'",
    "\\",
    "#",
    "\0",
)
NUMBERS = (-1, 0, 1, 2, 7, 1 << 16, 1 << 31, 1 << 63, 1 << 200, 0.5, 1e308, float("nan"))
OTHERS = (None, True, [], {}, [[[]]], {"a": {"b": []}}, ["x"] * 1000)
SUSPECT = (
    "numpy.py",
    "sitecustomize.py",
    "a $(touch pwned).sv",
    ".git/config",
    "hw/zz.sv",
    "w.mem",
)
"""Names of files that a folder of ours never has."""


def pick(rng: np.random.Generator, items: Any) -> Any:
    """One of some items; NumPy's `choice` would make arrays of them."""
    return items[int(rng.integers(len(items)))]


def hostile(rng: np.random.Generator) -> Any:
    """A value that nobody of ours would have written."""
    return pick(rng, pick(rng, (TEXTS, NUMBERS, OTHERS)))


def mutate_document(rng: np.random.Generator, document: Any) -> None:
    """Change one place of parsed JSON: drop, replace, add, swap."""
    holder, key = pick(rng, list(_places(document)))
    kind = pick(rng, ("drop", "replace", "replace", "near", "add", "swap"))
    if kind == "drop":
        del holder[key]
    elif kind == "near" and isinstance(holder[key], int):
        holder[key] += pick(rng, (-1, 1))
    elif kind == "add" and isinstance(holder, dict):
        holder[str(hostile(rng))] = hostile(rng)
    elif kind == "swap":
        other, place = pick(rng, list(_places(document)))
        holder[key] = json.loads(json.dumps(other[place]))
    else:
        holder[key] = hostile(rng)


def _places(document: Any) -> Iterator[tuple[Any, Any]]:
    """Every holder and key in it."""
    keys = list(document) if isinstance(document, dict) else range(len(document))
    for key in keys:
        yield document, key
        if isinstance(document[key], dict | list):
            yield from _places(document[key])


def mutate_json(rng: np.random.Generator, path: Path) -> None:
    """Some changes of one JSON file, or, seldom, of its bytes."""
    try:
        document = None if rng.random() < 0.1 else json.loads(path.read_text())
    except (OSError, ValueError):  # changed before
        return
    if document is None:
        mutate_bytes(rng, path)
        return
    for _ in range(int(rng.integers(1, 4))):
        mutate_document(rng, document)
    path.write_text(json.dumps(document))


def mutate_bytes(rng: np.random.Generator, path: Path) -> None:
    """Cut, repeat, or overwrite."""
    data = bytearray(path.read_bytes())
    place = int(rng.integers(len(data) + 1))
    kind = pick(rng, ("cut", "repeat", "write", "insert"))
    if kind == "cut":
        data = data[:place]
    elif kind == "repeat":
        data = data * 50
    elif kind == "write":
        data[place : place + 4] = rng.bytes(4)
    else:
        data[place:place] = b"\0\xff\n" * 10
    path.write_bytes(data)


def mutate_text(rng: np.random.Generator, path: Path) -> None:
    """Change one line of a text: a word of it, all of it, or a line more."""
    lines = path.read_text().split("\n")
    place = int(rng.integers(len(lines)))
    kind = pick(rng, ("word", "word", "word", "drop", "add", "bytes"))
    if kind == "bytes":
        mutate_bytes(rng, path)
        return
    if kind == "word":
        words = list(re.finditer(r"\w+", lines[place])) or [re.match("", lines[place])]
        word = pick(rng, words)
        lines[place] = lines[place][: word.start()] + str(hostile(rng)) + lines[place][word.end() :]
    elif kind == "drop":
        del lines[place]
    else:
        lines.insert(place, str(hostile(rng)))
    path.write_text("\n".join(lines), encoding="utf-8", errors="replace")


def mutate_file(rng: np.random.Generator, path: Path) -> None:
    """Put something else in a file's place."""
    kind = pick(rng, ("missing", "empty", "link", "pipe", "folder", "loop"))
    path.unlink()
    make: dict[str, Callable[[], object]] = {
        "missing": lambda: None,
        "empty": path.touch,
        "link": lambda: path.symlink_to(PRIVATE),
        "pipe": lambda: os.mkfifo(path),
        "folder": path.mkdir,
        "loop": lambda: path.symlink_to(path.name),
    }
    make[kind]()


def add_file(rng: np.random.Generator, folder: Path) -> None:
    """A file that no folder of ours holds."""
    path = folder / pick(rng, SUSPECT)
    path.parent.mkdir(exist_ok=True, parents=True)
    text = f'import os; os.system("touch {PWNED}")\n'
    if path.suffix == ".sv":
        text = f'module conv; initial $system("touch {PWNED}"); endmodule\n'
    path.write_text(text)


def mutate_folder(rng: np.random.Generator, folder: Path, document: str) -> None:
    """Change one file of a folder; its JSON document and its tops twice as often."""
    files = sorted(x for x in folder.rglob("*") if x.is_file())
    tops = [x for x in files if x.suffix == ".sv" and x.parent == folder]
    kind = pick(rng, ("json", "json", "top", "top", "text", "file", "add"))
    if kind == "json":
        mutate_json(rng, folder / document)
    elif kind == "top" and tops:
        mutate_text(rng, pick(rng, tops))
    elif kind == "file":
        mutate_file(rng, pick(rng, files))
    elif kind == "add":
        add_file(rng, folder)
    else:
        mutate_text(rng, pick(rng, [x for x in files if _is_text(x)]))


def _is_text(path: Path) -> bool:
    return path.suffix in {".sv", ".mem", ".json", ".core", ".h", ".txt", ".ipynb", ".py"}


def sign(folder: Path, document: str) -> None:
    """Bring a bundle's checksums up to date, as an attacker would."""
    path = folder / document
    try:
        fields = json.loads(path.read_text())
        names = list(fields["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return
    for name in names:
        file = folder / str(name)[:255]
        if isinstance(name, str) and file.is_file() and not file.is_symlink():
            fields["files"][name] = hashlib.sha256(file.read_bytes()).hexdigest()
    path.write_text(json.dumps(fields))


def mutate_toml(rng: np.random.Generator, path: Path) -> None:
    """Change a value of a board's file; sometimes anything of it."""
    if rng.random() < 0.3:
        mutate_text(rng, path)
        return
    lines = path.read_text().splitlines()
    place = pick(rng, [n for n, x in enumerate(lines) if "=" in x])
    value = pick(rng, (*TEXTS, *NUMBERS))
    lines[place] = f"{lines[place].split('=')[0]}= {json.dumps(value)}"
    path.write_text("\n".join(lines))


def copy(source: Path, target: Path) -> None:
    """A folder or a file."""
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copyfile(source, target)
