# SPDX-License-Identifier: Apache-2.0
"""Operators: one file each, what it computes and how its hardware is parameterised."""

from collections.abc import Mapping
from types import MappingProxyType

from firebrick.ops.add import AddEngine
from firebrick.ops.avgpool import AvgPoolEngine
from firebrick.ops.base import Engine
from firebrick.ops.conv.engine import ConvEngine
from firebrick.ops.image import ImageEngine
from firebrick.ops.maxpool import MaxPoolEngine
from firebrick.ops.regroup import RegroupEngine

ENGINES: Mapping[str, type[Engine]] = MappingProxyType(
    {
        "add": AddEngine,
        "avgpool": AvgPoolEngine,
        "conv": ConvEngine,
        "image": ImageEngine,
        "maxpool": MaxPoolEngine,
        "regroup": RegroupEngine,
    }
)
"""Every operator's engine by kind, which is also the name of its module and files."""
