"""How large a difference of two scores must be to mean anything."""

from __future__ import annotations

import math


def standard_error(percent: float, count: int) -> float:
    """Binomial standard error, in percentage points, of a top-1 measured on `count` images.

    It covers the draw of the images only. The spread from seed to seed comes on top, and a study
    with one seed cannot know it.
    """
    share = percent / 100
    return 100 * math.sqrt(max(0.0, share * (1 - share)) / count)
