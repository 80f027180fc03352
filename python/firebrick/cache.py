# SPDX-License-Identifier: Apache-2.0
"""What is costly to make and keyed by its content is kept under the user's cache folder."""

import hashlib
from pathlib import Path

from firebrick.resources import PACKAGE


def cache_folder(name: str) -> Path:
    """Folder for one kind of thing, made when missing."""
    folder = Path.home() / ".cache" / "firebrick" / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def code_key(*parts: str) -> str:
    """Key of the code that makes a thing, so that nothing an older version made is taken for new.

    Args:
        parts: folders and modules of the package, such as ``plan`` or ``images.py``.
    """
    sha = hashlib.sha256()
    for part in parts:
        path = PACKAGE / part
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            sha.update(file.read_bytes())
    return sha.hexdigest()[:16]
