"""What is written in English where it arises, said in the reader's language: the one reader of all tables of forms.

A table is a list of forms: a pattern of the whole sentence, and the text that is translated, with the pattern's groups
as its values. What no form fits stays as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from gettext import NullTranslations

Forms = tuple[tuple[str, str], ...]
Value = Callable[[str, str], str | None]
"""Puts one group into words, by its name and what was found; None when the form cannot be meant."""


def as_written(_name: str, found: str) -> str:
    """Names, numbers and people's own words stay as they are."""
    return found


def said(written: str, forms: Forms, texts: NullTranslations, value: Value = as_written) -> str | None:
    """The sentence by the first form that fits it; None where none does."""
    for pattern, known in forms:
        found = re.fullmatch(pattern, written, re.DOTALL)
        if found is None:
            continue
        values = {name: value(name, part) for name, part in found.groupdict().items()}
        if None not in values.values():
            return texts.gettext(known) % values
    return None
