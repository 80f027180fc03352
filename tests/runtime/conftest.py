# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the driver's tests."""

from pathlib import Path

import pytest
from fake_kernel import tiny_description, weights_of

from bundles import document, finish


@pytest.fixture
def tiny_bundle(tmp_path: Path) -> Path:
    """A bundle of what the fake kernel holds, with stand-ins for bitstreams."""
    return write_tiny(tmp_path / "bundle")


@pytest.fixture
def loaded_bundle(tmp_path: Path) -> Path:
    """The same with weights that are loaded."""
    return write_tiny(tmp_path / "loaded", weights_bytes=128)


def write_tiny(folder: Path, **changes: object) -> Path:
    description = tiny_description(**changes)
    folder.mkdir()
    for name in ("firebrick.bit", "firebrick.hwh", "firebrick.xclbin"):
        (folder / name).write_bytes(b"stand-in for " + name.encode())
    (folder / "labels.txt").write_text("cat\ndog\ncup\nrocket\n")
    if description.weights_bytes:
        (folder / "weights.bin").write_bytes(weights_of(description))
    return finish(folder, document(description) | {"labels": "labels.txt"})
