"""The binomial standard error of a score: a smaller difference of two scores is noise."""

from __future__ import annotations

import math


def standard_error(percent: float, count: int) -> float:
    """Return the standard error of a top-1 measured on `count` images, in percentage points.

    This is half the width of Wilson's interval at one standard error (Wilson, 1927). It equals
    sqrt(p (1 - p) / n) except for very few images or mistakes. It is never zero, because n images
    without a mistake do not prove that there are none: it is 0.5 points for 100 of 100. It covers
    the draw of the images only. The spread between seeds adds to it, and a study with one seed
    cannot measure that spread.
    """
    share = min(1.0, max(0.0, percent / 100))
    return 100 * math.sqrt(share * (1 - share) / count + 1 / (2 * count) ** 2) / (1 + 1 / count)
