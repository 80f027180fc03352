# SPDX-License-Identifier: Apache-2.0
"""The text that a bundle explains itself with."""

from __future__ import annotations

from collections.abc import Collection

from firebrick.deploy.wheel import WHEEL
from firebrick.errors import printable

_MADE_FOR = {
    "firebrick.bit": "firebrick.bit and firebrick.hwh program a Zynq board, through PYNQ.",
    "firebrick.xclbin": "firebrick.xclbin programs an Alveo card, through XRT.",
}
_SIMULATED = "It holds no bitstream: it classifies in simulation."
_TEXT = """\
{title}

A Firebrick accelerator of the network {model}, ready to classify photographs.
{made_for}
The authors of Firebrick have run no vendor's tool and no board: what they know of this hardware,
they know from simulation.

{try_sample}    python3 -P run.py photo.jpg        classifies a photograph: JPEG, PNG or WebP
    python3 -P run.py x.npy            classifies an array (rows, columns, channels)
    python3 -P run.py --device sim     simulates the hardware, where all of firebrick is installed

-P keeps Python from importing what lies in this folder. Python 3.10 does not know it: leave it out,
run.py sees to the same itself.

This needs Python 3.10 or later with NumPy and Pillow; on a Zynq board PYNQ, for an Alveo card XRT's
pyxrt. Nothing has to be installed: run.py takes the driver out of the wheel. To install it, and the
page that takes photographs in a browser, once run.py has compared all files (the page's own needs
come from the package index that pip is set to):

    pip install "wheel/{wheel}[serve]"
    python3 -P -m firebrick.web .

With Python 3.10 run the second line in another folder, and name this one. Do not install the wheel
where the package firebrick is: that has the driver already.

Photographs of your own may lie in this folder. Any other file that is not listed is refused, and so
is one that has changed; Jupyter changes a notebook when it saves it, so work on a copy elsewhere.

bundle.json       what all of it is, and the SHA-256 of each file
classify.ipynb    the same as run.py, in a notebook
labels.txt        names of the classes
model/            the network in integers; onnxruntime runs it too
registers.h       registers of the accelerator
rtl/              the hardware in SystemVerilog
{list_sample}wheel/            the driver

The driver refuses files that do not have their checksum, and a device whose model hash is not

    {digest}

Checksums find damage, not intent: a bundle holds programs, so take it from people you trust.
"""


def readme(model: str, digest: str, names: Collection[str], sample: str | None, credit: str) -> str:
    """Text of the file.

    Args:
        model: name of the network.
        digest: model hash.
        names: files that program a device.
        sample: name of the sample's file, if there is one.
        credit: whose photograph the sample is; may be empty.
    """
    made_for = next((text for name, text in _MADE_FOR.items() if name in names), _SIMULATED)
    what = "a photograph" if sample == "sample.png" else "an array"
    credit = f": {credit}" if credit else ""
    model = printable(model)
    title = f"{model} on an FPGA"
    return _TEXT.format(
        title=f"{title}\n{'=' * len(title)}",
        model=model,
        made_for=made_for,
        wheel=WHEEL,
        try_sample=f"    python3 -P run.py                  classifies {sample}\n"
        if sample
        else "",
        list_sample=f"{sample}        {what}{credit}\n" if sample else "",
        digest=digest,
    )
