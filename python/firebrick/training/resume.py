# SPDX-License-Identifier: Apache-2.0
"""A folder of a run: what it was begun with, and how far it is."""

from __future__ import annotations

import hashlib
import json
import pickle
from pathlib import Path
from typing import Any

import torch

from firebrick.checked.documents import parse_json, read_text
from firebrick.errors import FirebrickError
from firebrick.files.output import whole_file
from firebrick.frontend.onnx_writer import to_onnx
from firebrick.ir.graph import Graph
from firebrick.training.history import Epoch
from firebrick.training.stage import Run

BEGUN = "settings.json"


def resume(run: Run, graph: Graph) -> None:
    """Take up a run that was interrupted in its folder; or note what a new one begins with.

    Raises:
        FirebrickError: the folder is of another run, or of something else.
    """
    wanted: dict[str, object] = run.settings.fields() | {
        "model_sha256": hashlib.sha256(to_onnx(graph).SerializeToString()).hexdigest(),
        "images": len(run.training) + len(run.held_out),
        "processes": run.workers.world,
    }
    path = run.folder / BEGUN
    if path.is_file():
        _compare(parse_json(read_text(path), str(path)), wanted, path)
        if run.checkpoint.is_file():
            run.found = _read(run.checkpoint)
            run.history = [Epoch(*x) for x in run.found["history"]]
    elif run.folder.is_dir() and any(run.folder.iterdir()):
        raise FirebrickError(f"folder {str(run.folder)!r}: is not empty, and no run of `train`")
    run.workers.wait()
    if run.workers.writes and not path.is_file():
        run.folder.mkdir(exist_ok=True)
        with whole_file(path) as temporary:
            temporary.write_text(json.dumps(wanted, indent=2) + "\n")
    run.workers.wait()


def _compare(found: object, wanted: dict[str, object], path: Path) -> None:
    if not isinstance(found, dict):
        raise FirebrickError(f"{path}: is no settings of `train`")
    for name, value in wanted.items():
        if found.get(name) != value:
            raise FirebrickError(
                f"{path}: {name}={found.get(name)!r:.40} is not {value!r:.40}: give the same "
                "options to go on with the run that is here, or another folder"
            )


def _read(path: Path) -> dict[str, Any]:
    """A checkpoint: tensors and numbers, nothing that would be run."""
    try:
        state = torch.load(path, weights_only=True)
    except (RuntimeError, EOFError, ValueError, KeyError, pickle.UnpicklingError) as error:
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise FirebrickError(f"{path}: cannot be read: {reason}: remove it to begin anew") from None
    return dict(state)
