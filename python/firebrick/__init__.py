# SPDX-License-Identifier: Apache-2.0
"""Firebrick: a trained SqueezeNet in, a streaming FPGA accelerator and its proof out.

The functions that programs and notebooks call are attributes of the package, found when they are
first asked for, so that importing it costs nothing: see docs/python_api.md. A function may have the
name of the folder where its work is done: `firebrick.quantize` is the function, and modules of the
folder are imported by `from firebrick.quantize.options import Scheme`.
"""

import sys as _sys
from importlib import import_module as _import_module
from types import ModuleType as _ModuleType

__version__ = "0.1.0"

_PLACES = {
    "CheckFailed": "errors",
    "Evaluation": "evaluate.result",
    "FirebrickError": "errors",
    "FloatModel": "api.models",
    "Plan": "plan.plan",
    "QuantizedModel": "api.models",
    "Verification": "api.verifying",
    "build": "api.building",
    "evaluate": "api.evaluating",
    "generate": "api.generating",
    "import_model": "api.models",
    "load": "api.models",
    "plan": "api.planning",
    "prune": "api.pruning",
    "quantize": "api.quantizing",
    "train": "api.training",
    "verify": "api.verifying",
}
"""Module of each public name; a key of code (`files/key.py`) does not follow it."""

__all__ = list(_PLACES)


class _Package(_ModuleType):
    """Finds the public names before folders, which Python makes attributes when it loads them."""

    def __getattribute__(self, name: str) -> object:
        """What a public name stands for, else what any module has."""
        if name in _PLACES:
            return getattr(_import_module(f"{__name__}.{_PLACES[name]}"), name)
        return super().__getattribute__(name)

    def __dir__(self) -> list[str]:
        """Public names beside what is loaded."""
        return sorted({*super().__dir__(), *_PLACES})


_sys.modules[__name__].__class__ = _Package
