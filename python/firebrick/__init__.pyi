# SPDX-License-Identifier: Apache-2.0
# The public names for type checkers: `__init__.py` looks them up when they are asked for.

from firebrick.api.building import build as build
from firebrick.api.evaluating import evaluate as evaluate
from firebrick.api.generating import generate as generate
from firebrick.api.models import FloatModel as FloatModel
from firebrick.api.models import QuantizedModel as QuantizedModel
from firebrick.api.models import import_model as import_model
from firebrick.api.models import load as load
from firebrick.api.planning import plan as plan
from firebrick.api.pruning import prune as prune
from firebrick.api.quantizing import quantize as quantize
from firebrick.api.training import train as train
from firebrick.api.verifying import Verification as Verification
from firebrick.api.verifying import verify as verify
from firebrick.errors import CheckFailed as CheckFailed
from firebrick.errors import FirebrickError as FirebrickError
from firebrick.evaluate.result import Evaluation as Evaluation
from firebrick.plan.plan import Plan as Plan

__version__: str
