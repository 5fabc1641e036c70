"""What a word on the command line may be; argparse tells the person who typed another one."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from collections.abc import Callable

from inbox.row_ids import LARGEST_ID

JSON_HELP = "print JSON, for programs"


def whole_number(least: int = 1, most: int = LARGEST_ID) -> Callable[[str], int]:
    """Takes whole numbers from `least` to `most`; what the database cannot hold is no id of anything."""

    def take(word: str) -> int:
        # `int` refuses thousands of digits by itself, in words nobody understands.
        number = int(word) if re.fullmatch(r"[+-]?\d{1,20}", word, re.ASCII) else None
        if number is None or not least <= number <= most:
            raise ArgumentTypeError(f"{word!r} is no whole number from {least} to {most}")
        return number

    return take


def above_zero(word: str) -> float:
    """Takes finite numbers greater than 0."""
    try:
        number = float(word)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise ArgumentTypeError(f"{word!r} is no number above 0, such as 2 or 0.5")
    return number


def language_code(word: str) -> str:
    """Takes two letters; small ones come out."""
    if not re.fullmatch("[A-Za-z]{2}", word):
        raise ArgumentTypeError(f"{word!r} is no language of two letters, such as de or en")
    return word.lower()
