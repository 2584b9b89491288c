"""Durations for people."""

from __future__ import annotations


def minutes(seconds: float) -> str:
    """Format a duration for people, from seconds."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60} min" if whole < 3600 else f"{whole / 3600:.1f} h"
