# SPDX-License-Identifier: Apache-2.0
"""onnxruntime with its telemetry off. Whoever needs onnxruntime takes it from here.

Left alone its library makes a device identifier and a database of events in the user's cache
folder (`~/.cache/Microsoft/DeveloperTools/.onnxruntime/`) as soon as it is imported, and sends the
events to its maker. It looks at `ORT_DISABLE_TELEMETRY` once, when it is loaded.
"""

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime

onnxruntime.disable_telemetry_events()  # where a program had it imported before us

__all__ = ["onnxruntime"]
