# SPDX-License-Identifier: Apache-2.0
"""Figures that others measured, and where each was read. Nothing here is ours."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Published:
    """Frames per second of somebody else's accelerator.

    Attributes:
        who: design.
        model: network, as ours is named.
        on: their board.
        board: ours that is nearest to theirs.
        frames_per_second: published.
        how: input, threads or batch, cores, clock.
        source: where it was read.
        alike: how near our board is.
    """

    who: str
    model: str
    on: str
    board: str
    frames_per_second: float
    how: str
    source: str
    alike: str = "same board"


V14 = "Xilinx/Vitis-AI v1.4, models/AI-Model-Zoo/README.md"
V20 = "Xilinx/Vitis-AI v2.0, models/AI-Model-Zoo/README.md"
V25 = "Xilinx/Vitis-AI v2.5, model_zoo/README.md"
TORCH = "pt_squeezenet_imagenet_224_224_351.7M"
CAFFE = "cf_squeezenet_imagenet_227_227_0.76G"
OLD_CAFFE = "cf_squeeze_imagenet_227_227_0.76G"
NO_SUCH = "none of ours is like it: our largest card"

PUBLISHED = (
    Published(
        *("SqueezeJet-2", "squeezenet1.1", "xc7z020clg484-1", "pynq-z2", 14.18),
        how="8 bits, batch 1, 100 MHz, 172 DSP; 70.5 ms a frame with softmax",
        source="pmousoul/cnn_grinder at 58bba55, 4-results/summary/table-3.png, SqueezeJet-2-dfp",
        alike="same device, in another package",
    ),
    Published(
        *("INT8 DPU", "squeezenet1.1", "Ultra96", "ultra96-v2", 283.583),
        how="227x227, many threads, 1 B1600 at 287 MHz; 167.9 with one thread",
        source=f"{V25}, Ultra96, measured with AI SDK 2.0.4: {OLD_CAFFE}",
        alike="same device, V1 of the board",
    ),
    Published(
        *("INT8 DPU", "squeezenet1.1", "KV260", "kv260", 762.62),
        how="224x224, many threads, 1 B4096F at 300 MHz; 619.7 with one thread",
        source=f"{V25}, Kria KV260 SOM: {TORCH}",
    ),
    Published(
        *("INT8 DPU", "squeezenet1.1", "ZCU104", "zcu104", 1315.93),
        how="224x224, many threads, 2 B4096 at 300 MHz; 599.9 with one thread",
        source=f"{V25}, ZCU104: {TORCH}",
    ),
    Published(
        *("INT8 DPU", "squeezenet1.1", "ZCU102", "zcu102", 1499.60),
        how="224x224, many threads, 3 B4096 at 281 MHz; 575.4 with one thread",
        source=f"{V25}, ZCU102 (0432055-05): {TORCH}",
    ),
    Published(
        *("INT8 DPU", "squeezenet1.1", "U50LV", "alveo-u50", 4976.0),
        how="227x227, many threads, 10 DPUCAHX8H at 247.5 MHz (the table's caption says 275)",
        source=f"{V14}, U50 lv (whose caption says U50): {CAFFE}",
        alike="another card: U50, not U50LV",
    ),
    Published(
        *("INT8 DPU", "squeezenet1.1", "U50LV", "alveo-u50", 4127.72),
        how="224x224, many threads, 10 DPUCAHX8H at 165 MHz (the table's caption says 275)",
        source=f"{V25}, U50lv: {TORCH}",
        alike="another card: U50, not U50LV",
    ),
    Published(
        *("INT8 DPU", "squeezenet1.1", "U280", "alveo-u280", 3961.0),
        how="227x227, many threads, 14 DPUCAHX8H at 150 MHz (the table's caption says 300)",
        source=f"{V14}, U280: {CAFFE}",
    ),
    Published(
        *("INT8 DPU", "squeezenet1.1", "U250", "alveo-u250", 2349.7),
        how="227x227, many threads, 4 DPUCADX8G at 350 MHz",
        source=f"{V25}, U250: {OLD_CAFFE}",
    ),
    Published(
        *("INT8 DPU", "squeezenet1.1", "U55C", "alveo-u250", 6560.42),
        how="224x224, many threads, 11 DPUCAHX8H-DWC at 300 MHz",
        source=f"{V20}, U55C DWC: {TORCH}",
        alike=NO_SUCH,
    ),
    Published(
        *("INT8 DPU", "squeezenet1.1", "VCK5000", "alveo-u250", 8768.06),
        how="227x227, many threads, DPUCVDX8H with 8 PE at 350 MHz",
        source=f"{V20}, VCK5000: {CAFFE}",
        alike=NO_SUCH,
    ),
    Published(
        *("INT8 DPU", "squeezenet1.1", "VCK5000", "alveo-u250", 7536.39),
        how="224x224, many threads, DPUCVDX8H with 8 PE at 350 MHz",
        source=f"{V25}, VCK5000: {TORCH}",
        alike=NO_SUCH,
    ),
)
"""The best that we have found for each board; a second where it is of another input or release."""

FINN_MODEL = "squeezenet1.1"
FINN_SOURCE = (
    "measured with finn-plus 1.6.1 on SqueezeNet v1.1 w6a8 at 224x224 (349.5 M MAC), "
    "targets 1e6..5e4 cycles"
)
FINN_SHARES = {
    1_000_000: (0.69, 0.78),
    500_000: (0.69, 0.76),
    200_000: (0.79, 0.88),
    100_000: (0.74, 0.87),
    50_000: (0.74, 0.86),
}
"""By target: share of multipliers busy with finn-plus's defaults, and tuned by hand."""


def finn_shares(model: str, target: int) -> tuple[float, float] | None:
    """Shares for a target, where finn-plus was measured on that network."""
    return FINN_SHARES.get(target) if model == FINN_MODEL else None
