"""Where the shipped playbook and its templates lie, and one way to ask it about a message."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from crisis_playbook import Decision, Facts, Playbook, evaluate, load

PROJECT = Path(__file__).parents[2]
RULES = PROJECT / "crisis_playbook" / "rules"
REPLIES = PROJECT / "templates" / "replies"
LANGUAGES = ("de", "en")
PUBLIC = ".public"


def template_names() -> frozenset[str]:
    """Every reply template, without language and without public notes."""
    names = (path.stem for path in REPLIES.glob("*/*.txt"))
    return frozenset(name for name in names if not name.endswith(PUBLIC))


@cache
def playbook() -> Playbook:
    """The shipped playbook, loaded once."""
    return load(RULES, templates=template_names())


def in_public(text: str, **facts: Any) -> Decision:
    """The decision on a comment that speaks to us."""
    told: dict[str, Any] = {
        "channel": "facebook",
        "kind": "comment",
        "visibility": "public",
        "addressed": True,
        "first_of_conversation": True,
    }
    return evaluate(playbook(), Facts(text=text, **(told | facts)))


def in_private(text: str, **facts: object) -> Decision:
    """The decision on a first direct message."""
    return in_public(text, **({"kind": "direct_message", "visibility": "private", "hours": "open"} | facts))
