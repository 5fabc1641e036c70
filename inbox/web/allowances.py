"""A platform's allowances by name, in the reader's language. Connectors name what and for how long."""

from __future__ import annotations

from gettext import NullTranslations

N_ = str
"""Marks a text for translation without translating it here."""

PARTS = frozenset(
    (
        N_("mentions"),
        N_("direct messages"),
        N_("direct messages sent"),
        N_("own account"),
        N_("own posts"),
        N_("posts"),
        N_("search"),
        N_("hiding"),
        N_("15 minutes"),
        N_("24 hours"),
        N_("whole app"),
        N_("app"),
        N_("page"),
        N_("pages"),
        N_("business"),
    )
)
"""What is not among them, such as `messenger`, is a name of the platform's own and stays."""


def allowance(name: str, texts: NullTranslations) -> str:
    """The name as a title, each part translated where it is known."""
    said = ", ".join(texts.gettext(part) if part in PARTS else part for part in name.split(", "))
    return said[:1].upper() + said[1:]
