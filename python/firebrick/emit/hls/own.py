# SPDX-License-Identifier: Apache-2.0
"""Which C++ of a generated HLS folder is as this Firebrick writes it: C simulation runs it.

Hand-written headers are compared with the installed ones. What was generated may be no more than
constants, types and calls of functions: words beside those of the functions' namespaces are few.
Since the folder itself is searched for headers, no other file may lie there.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from firebrick.data import data_folder
from firebrick.emit.folder import MOST_FILES, NAME, read_inner
from firebrick.emit.hls.generate import BENCH_FILE, TESTBENCH_FILE, TOP_FILE
from firebrick.emit.rtl.generate import MANIFEST
from firebrick.emit.rtl.network_top import TOP
from firebrick.emit.rtl.own import foreign
from firebrick.errors import FirebrickError

PARTS = ("include", "csim", "vitis")
"""Folders of hand-written files."""
LAYER = re.compile(rf"layers/{NAME.pattern}\.hpp", re.ASCII)
NUMBERS = re.compile(r"[-+0-9., e{}]*", re.ASCII)
DIRECTIVE = re.compile(
    r'#include "(?:firebrick|layers|vitis)/\w+\.hpp"|#include "bench\.hpp"'
    r"|#(?:ifndef|define) FIREBRICK_\w+|#endif|#pragma HLS [\w =]+",
    re.ASCII,
)
TOKEN = re.compile(r'"[\w./ ]*"|\w+|::|[-+0-9.,:;<>=*&(){}\[\]! ]', re.ASCII)
SPACES = re.compile(r"firebrick|testbench|csim|hls|\w+_layer", re.ASCII)
"""Namespaces whose names may be used: those of hand-written headers, and of layers."""
OWN_WORDS = re.compile(r"\d\w*|[A-Z][A-Z0-9_]*|\w+_(?:layer|stream|tap)", re.ASCII)
"""Numbers, constants, namespaces and variables of generated text."""
WORDS = frozenset(
    "static const constexpr int bool true false struct using namespace extern void for return main "
    "char argc argv Cfg Image Logits ap_uint ap_int ap_fixed ap_axiu value_t in_beat out_beat "
    "left_beat right_beat codes gaps lengths places channels codebook biases multipliers channel "
    "initial_sum in_order out_order expected wrong frame pixels image logits s_axis m_axis run all "
    f"arguments firebrick testbench csim hls {TOP}".split()
)


def require_own_cpp(folder: Path, work: str) -> None:
    """Refuse an HLS folder whose C++ tools would run on a stranger's word.

    Args:
        folder: generated with ``--target hls``.
        work: name of the folder inside where the tool works, which is made anew.

    Raises:
        FirebrickError: naming the file, and how to accept it.
    """
    hls = data_folder("hls")
    known = {
        f"{part}/{x.relative_to(hls / part).as_posix()}": x
        for part in PARTS
        for x in (hls / part).rglob("*")
        if x.is_file()
    }
    generated = (TOP_FILE, BENCH_FILE, TESTBENCH_FILE)
    for count, name in enumerate(_files(folder, work)):
        if count == MOST_FILES:
            raise FirebrickError(f"{folder}: has more than {MOST_FILES} files")
        if name in known:
            if read_inner(folder, name) != known[name].read_bytes():
                raise foreign(folder, name, "is not the file of this firebrick")
        elif name in generated or LAYER.fullmatch(name):
            line = strange_line(read_inner(folder, name).decode("ascii", "backslashreplace"))
            if line is not None:
                raise foreign(folder, name, f"is not as generated: {line!r:.60}")
        elif name != MANIFEST:
            raise foreign(folder, name, "is no file of this firebrick")


def _files(folder: Path, work: str) -> Iterator[str]:
    """Names of all files, but those of the tool; links to folders count as files."""
    for root, folders, files in os.walk(folder):
        place = Path(root)
        if place == folder:
            folders[:] = [x for x in folders if x != work]
        links = [x for x in folders if (place / x).is_symlink()]
        for name in (*files, *links):
            yield (place / name).relative_to(folder).as_posix()


def strange_line(text: str) -> str | None:
    """The first line that generated C++ cannot have."""
    for line in text.split("\n"):
        code, _, comment = line.partition("//")
        if comment.endswith("\\") or "??/" in comment:  # the comment would go on
            return line
        code = code.rstrip()
        if NUMBERS.fullmatch(code) or DIRECTIVE.fullmatch(code):
            continue
        if code.lstrip().startswith("#") or not _is_plain(code):
            return line
    return None


def _is_plain(code: str) -> bool:
    """Whether a line has known words only, and those of known namespaces."""
    tokens, end = [], 0
    while end < len(code):
        match = TOKEN.match(code, end)
        if not match:
            return False
        end = match.end()
        if match[0] != " ":
            tokens.append(match[0])
    for before, qualifier, word in zip(["", "", *tokens], ["", *tokens], tokens, strict=False):
        if not word[0].isalnum() and word[0] != "_":
            continue
        if qualifier == "::" and SPACES.fullmatch(before):
            continue
        if qualifier == "." or word in WORDS or OWN_WORDS.fullmatch(word):
            continue
        return False
    return True
