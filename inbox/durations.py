"""Durations as people write them in a configuration: `500ms`, `10s`, `2m`, `1h30m`, `7d`."""

from __future__ import annotations

import re
from datetime import timedelta

UNITS = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)\s*")
_WHOLE = re.compile(rf"(?:{_PART.pattern})+")


def parse_duration(value: object) -> timedelta:
    """A duration from text, or from a bare number of seconds. Raises ValueError that says what to write."""
    if isinstance(value, timedelta):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return timedelta(seconds=value)
    text = str(value).strip().lower()
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return timedelta(seconds=float(text))
    if not _WHOLE.fullmatch(text):
        raise ValueError('not a duration; write a number and a unit, such as "500ms", "10s", "2m", "1h" or "7d"')
    try:
        return sum((float(number) * UNITS[unit] for number, unit in _PART.findall(text)), timedelta())
    except OverflowError:
        raise ValueError("too long a duration") from None


def format_duration(value: timedelta) -> str:
    """The shortest way to write it: `1h30m`, `500ms`, `0s`."""
    rest, parts = value, []
    for unit in ("d", "h", "m", "s", "ms"):
        count = rest // UNITS[unit]
        if count:
            parts.append(f"{count}{unit}")
            rest -= count * UNITS[unit]
    return "".join(parts) or "0s"
