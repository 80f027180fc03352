# SPDX-License-Identifier: Apache-2.0
"""What every test may ask for."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def build_root() -> Path:
    """Folder of compiled simulations; kept, as the key of each is its content."""
    return ROOT / "build" / "sim"


@pytest.fixture(scope="session")
def shared_models() -> Path:
    """Folder of trained models beside the checkout; optional."""
    folder = ROOT.parent / "shared" / "models"
    if not folder.is_dir():
        pytest.skip(f"no trained models in {folder}")
    return folder
