"""The interface's languages: English is written in code and templates, the others come from `locales/`.

The `.po` files are read at start, so there is nothing to compile and nothing that can be out of date.
"""

from __future__ import annotations

from functools import lru_cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LANGUAGES = ("de", "en")
LOCALES = Path(__file__).parent / "locales"
REGIONS = {"Europe/Vienna": "AT", "Europe/Zurich": "CH", "Europe/Vaduz": "LI"}


@lru_cache
def translations(language: str) -> NullTranslations:
    """The texts of one of LANGUAGES. English needs none: its words are the keys."""
    catalogue = LOCALES / language / "LC_MESSAGES" / "messages.po"
    if not catalogue.exists():
        return NullTranslations()
    compiled = BytesIO()
    with catalogue.open("rb") as source:
        write_mo(compiled, read_po(source, locale=language))
    compiled.seek(0)
    return GNUTranslations(compiled)


def locale_name(language: str, timezone: str) -> str:
    """How dates and numbers are written for readers of a language in a zone: German in Vienna says Jänner."""
    if language == "de":
        return f"de_{REGIONS.get(timezone, 'DE')}"
    return "en_GB"


def choose_language(wanted: str | None, accepted: str, default: str) -> str:
    """The person's own choice, else the first of the browser's `Accept-Language` that we have, else the default."""
    if wanted in LANGUAGES:
        return str(wanted)
    for part in accepted.split(","):
        language = part.split(";")[0].strip().lower()[:2]
        if language in LANGUAGES:
            return language
    return default if default in LANGUAGES else LANGUAGES[0]
