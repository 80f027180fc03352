# SPDX-License-Identifier: Apache-2.0
"""What every test may ask for."""

import os
import stat
from pathlib import Path

import pytest

from firebrick.ir.network import Network
from firebrick.quantize.integer_onnx import load
from quantized import quantized_file

ROOT = Path(__file__).resolve().parents[1]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first: at the end one process would wait for the other."""
    items.sort(key=lambda x: x.get_closest_marker("longest") is None)


@pytest.fixture
def own_device(tmp_path: Path) -> Path:
    """A device that takes everything: the test's own, so that no fault harms the machine's."""
    path = tmp_path / "devices" / "null"
    path.parent.mkdir()
    try:
        os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 3))
        path.write_bytes(b"")  # some places have devices that nobody may open
    except PermissionError:
        pytest.skip("no device can be made here")
    return path


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


@pytest.fixture(scope="session")
def squeezenet_file() -> Path:
    """SqueezeNet v1.1, quantized as `make run` does."""
    return quantized_file("squeezenet1.1")


@pytest.fixture(scope="session")
def squeezenet(squeezenet_file: Path) -> Network:
    """SqueezeNet v1.1, quantized as `make run` does."""
    return load.read(squeezenet_file)


@pytest.fixture(scope="session")
def compressed_file(shared_models: Path) -> Path:
    """SqueezeNet v1.0 after Deep Compression, quantized; optional."""
    return quantized_file(str(shared_models / "compressed_SqueezeNet.net"))
