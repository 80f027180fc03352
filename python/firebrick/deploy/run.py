#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Classify a photograph with the bundle that this file lies in.

python3 run.py                      the sample
python3 run.py photo.jpg            a photograph: JPEG, PNG or WebP
python3 run.py x.npy                an array (rows, columns, channels): pixels, or the float input
python3 run.py --device sim         in simulation, where the whole of firebrick is installed
"""

import sys

if __name__ == "__main__":
    # Nothing is imported from this folder, whatever lies in it: as with `python3 -P`, which Python
    # 3.10 does not have. XRT's setup.sh may put the current folder on the path as well.
    SAFE = sys.flags.isolated or getattr(sys.flags, "safe_path", False)
    FOLDERS = {__file__.rpartition("/")[0], *([] if SAFE else sys.path[:1])}
    sys.path[:] = [x for x in sys.path if x.startswith("/") and x not in FOLDERS]

import argparse
import hashlib
import json
import os
import re
from importlib.util import find_spec
from pathlib import Path

BUNDLE = Path(__file__).resolve().parent
WHEEL = re.compile(r"wheel/[A-Za-z0-9._-]+\.whl")


def find_driver() -> None:
    """Make the driver importable: the installed one, else the wheel, if it is as listed.

    Raises:
        ValueError: naming what is wrong with the bundle.
    """
    installed = find_spec("firebrick")
    if installed is not None and installed.origin is not None:
        return
    path = BUNDLE / "bundle.json"
    try:
        files = json.loads(path.read_bytes())["files"]
        (name,) = (x for x in files if WHEEL.fullmatch(x))
        path = BUNDLE / name
        data = path.read_bytes()
        listed = hashlib.sha256(data).hexdigest() == files[name]
    except OSError as error:
        raise ValueError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, LookupError, TypeError, RecursionError):
        raise ValueError(f"{path}: does not list one wheel") from None
    if not listed:
        raise ValueError(f"{path}: has not the SHA-256 that bundle.json lists")
    # Python runs wheels as they are. What it imports from is a copy that nobody can change.
    memory = os.memfd_create("firebrick-wheel")
    with open(memory, "wb", closefd=False) as stream:
        stream.write(data)
    sys.path.insert(0, f"/proc/self/fd/{memory}")


def main() -> int:
    """Run the command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("image", nargs="?", type=Path, help="default: the sample")
    parser.add_argument(
        "--device", choices=("sim", "pynq", "xrt"), help="default: what the bundle was made for"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    try:
        find_driver()
    except ValueError as error:
        print(f"run.py: {error}", file=sys.stderr)
        return 2

    from firebrick.errors import FirebrickError  # noqa: PLC0415 - only now it can be found
    from firebrick.web.bundles import open_classifier  # noqa: PLC0415
    from firebrick.web.classify import Result  # noqa: PLC0415

    def show(result: Result) -> None:
        """Print a result for people."""
        for best in result.best:
            print(f"{best.share:7.1%}  {best.name}")
        print(f"{result.milliseconds:.1f} ms for this photograph, as the host saw it")
        print(f"{result.latency_cycles:,} cycles for it in the accelerator")
        print(f"{result.frame_cycles:,} cycles between photographs back to back")
        clock, speed = result.model.clock_mhz, result.frames_per_second
        if clock:
            print(f"{speed:,} photographs per second at {clock} MHz, a clock that is ASSUMED")

    try:
        with open_classifier(BUNDLE, given.device, say=lambda x: print(x, file=sys.stderr)) as it:
            result = it.classifier.infer(it.image(given.image))
    except FirebrickError as error:
        print(f"run.py: {error.shown()}", file=sys.stderr)
        return error.exit_status
    if given.json:
        print(json.dumps(result.fields()))
    else:
        show(result)
    return 0


if __name__ == "__main__":
    sys.exit(main())
