# SPDX-License-Identifier: Apache-2.0
"""What is costly to make and keyed by its content is kept under the user's cache folder."""

from pathlib import Path


def cache_folder(name: str) -> Path:
    """Folder for one kind of thing, made when missing."""
    folder = Path.home() / ".cache" / "firebrick" / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder
