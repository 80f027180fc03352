#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Classify a photograph with the bundle that this file lies in.

python3 run.py                      the sample
python3 run.py photo.jpg            a photograph: JPEG, PNG or WebP
python3 run.py --device sim         in simulation, where the whole of firebrick is installed
"""

import argparse
import json
import sys
from importlib.util import find_spec
from pathlib import Path

BUNDLE = Path(__file__).resolve().parent


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
    installed = find_spec("firebrick")
    if installed is None or installed.origin is None:  # not there: Python runs wheels as they are
        sys.path.insert(0, str(next((BUNDLE / "wheel").glob("*.whl"))))

    from firebrick.errors import FirebrickError  # noqa: PLC0415 - only now it can be found
    from firebrick.web.bundles import open_classifier  # noqa: PLC0415
    from firebrick.web.classify import Result  # noqa: PLC0415
    from firebrick.web.photographs import read_pixels  # noqa: PLC0415

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
            model = it.classifier.model
            path = given.image or BUNDLE / "sample.png"
            pixels = read_pixels(path, model.resize, model.height, model.width)
            result = it.classifier.infer(pixels)
    except FirebrickError as error:
        print(f"run.py: {error}", file=sys.stderr)
        return error.exit_status
    if given.json:
        print(json.dumps(result.fields()))
    else:
        show(result)
    return 0


if __name__ == "__main__":
    sys.exit(main())
