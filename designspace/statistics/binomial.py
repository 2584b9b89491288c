"""How large a difference of two scores must be to mean anything."""

from __future__ import annotations

import math


def standard_error(percent: float, count: int) -> float:
    """Standard error, in percentage points, of a top-1 measured on `count` images.

    Half the width of Wilson's interval at one standard error (Wilson, 1927): sqrt(p (1 - p) / n),
    but for very few images or mistakes. It never is zero, since n images without a mistake do not
    show that there are none: 0.5 points for 100 of 100. It covers the draw of the images only. The
    spread from seed to seed comes on top, and a study with one seed cannot know it.
    """
    share = min(1.0, max(0.0, percent / 100))
    return 100 * math.sqrt(share * (1 - share) / count + 1 / (2 * count) ** 2) / (1 + 1 / count)
