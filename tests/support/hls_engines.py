# SPDX-License-Identifier: Apache-2.0
"""One small engine of each operator."""

import numpy as np

from firebrick.hardware.tensor import TensorType
from firebrick.ops.add import Add, AddEngine
from firebrick.ops.avgpool import AvgPool, AvgPoolEngine, sum_type
from firebrick.ops.conv.encode import Deal
from firebrick.ops.conv.engine import ConvEngine
from firebrick.ops.conv.folding import QUEUE_DEPTH
from firebrick.ops.folding import Folding
from firebrick.ops.image import ImageEngine
from firebrick.ops.maxpool import MaxPool, MaxPoolEngine
from firebrick.ops.regroup import RegroupEngine
from networks import random_conv

KIND = TensorType(3, 6, 9)


def add() -> AddEngine:
    return AddEngine(Add("add", KIND, KIND, KIND, (3, 5), 4), 2)


def avgpool() -> AvgPoolEngine:
    bias = np.array([5, -7, 11])
    return AvgPoolEngine(AvgPool("avgpool", KIND, sum_type(KIND, bias), bias), 2, (2, 0, 1))


def image() -> ImageEngine:
    return ImageEngine(KIND, 2, 4)


def maxpool() -> MaxPoolEngine:
    return MaxPoolEngine(MaxPool("maxpool", KIND, TensorType(3, 3, 4), 3, 2), 2)


def regroup() -> RegroupEngine:
    return RegroupEngine("regroup", KIND, 2, 3)


def conv() -> ConvEngine:
    operator = random_conv(np.random.default_rng(1), "conv", KIND, 4, 3, pad=1)
    shape = operator.codes.shape
    owner = np.broadcast_to(np.array([0, 1, 1])[:, None, None], shape).copy()
    folding = Folding(columns=2, lanes=2, drain=1, gap_bits=2, queue_depth=QUEUE_DEPTH)
    deal = Deal.of(operator, folding, owner)
    return ConvEngine(operator, folding, deal, in_order=(0, 1, 2), out_order=(0, 1, 2, 3))
