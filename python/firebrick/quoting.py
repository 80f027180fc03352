# SPDX-License-Identifier: Apache-2.0
"""Names as data: text from files, written into other languages.

A name may look like a tool's directive or like markup. Each language that is written has one
function here, and what it returns means nothing to that language but the name. For terminals there
is `errors.printable`.
"""

from __future__ import annotations

import re

from firebrick.errors import printable

_UNSAFE = re.compile(r"[^A-Za-z0-9_.+ -]+")
_MARKUP = re.compile(r"[\\`*_{}\[\]()<>&#|~$!:]")
"""What is markup in Markdown, in its tables and in formulas; links begin with a colon."""


def comment(name: str) -> str:
    """For a line of comment in SystemVerilog, C++, Tcl or YAML, behind words of ours.

    Letters and digits of ASCII, blanks and ``_.+-``; all else becomes an underscore. Nothing ends
    the comment then, goes on to the next line or is a trigraph; and since directives of tools are
    the first words of a comment, it is none.
    """
    return _UNSAFE.sub("_", name).strip() or "_"


def markdown(name: str) -> str:
    """For Markdown, where HTML is markup too: markup with a backslash before it, in one line."""
    text = _MARKUP.sub(lambda x: f"\\{x[0]}", printable(name))
    # A renderer need not know that a backslash takes the meaning of these.
    return text.replace("\\&", "&amp;").replace("\\<", "&lt;").replace("\\>", "&gt;")


def yaml(text: str) -> str:
    """For YAML: a scalar between double quotes that is this text, whatever is in it."""
    return '"' + "".join(_yaml_character(x) for x in text) + '"'


def _yaml_character(character: str) -> str:
    code = ord(character)
    if " " <= character <= "~":
        return f"\\{character}" if character in '"\\' else character
    # Halves of characters cannot be written.
    return "\\ufffd" if 0xD800 <= code <= 0xDFFF else f"\\U{code:08x}"
