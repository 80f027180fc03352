# SPDX-License-Identifier: Apache-2.0
"""Reading what earlier commands wrote."""

from __future__ import annotations

import json
from pathlib import Path

from firebrick.emit.generate import MANIFEST
from firebrick.errors import FirebrickError
from firebrick.plan.checked import LARGEST_FILE, Fields, parse
from firebrick.plan.plan import Plan


def read_plan(path: Path) -> Plan:
    """Read a plan file.

    Raises:
        FirebrickError: when it cannot be read.
    """
    return Plan.from_json(_text(path), str(path))


def read_manifest_plan(folder: Path) -> Plan:
    """The plan of a folder that `generate` wrote.

    Raises:
        FirebrickError: when it is no such folder.
    """
    path = folder / MANIFEST
    plan = Fields(parse(_text(path), str(path)), str(path)).take("plan")
    return Plan.from_json(json.dumps(plan), f"{path}: plan")


def _text(path: Path) -> str:
    try:
        with path.open() as file:
            text = file.read(LARGEST_FILE + 1)
    except (OSError, UnicodeDecodeError) as error:
        raise FirebrickError(f"{path}: cannot be read: {error}") from None
    return text
