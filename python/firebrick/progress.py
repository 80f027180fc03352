# SPDX-License-Identifier: Apache-2.0
"""How slow steps tell how far they are."""

from collections.abc import Callable

Progress = Callable[[str, float], None]
"""Called with what is being done and the share done, 0 to 1."""


def silent(_task: str, _share: float) -> None:
    """Progress for nobody."""
