"""A friendly hint where a phrase sounds colder than it was meant."""

from __future__ import annotations

import re

COLD = {
    "de": (
        (r"keine ahnung", "Ich frage für Sie nach und melde mich."),
        (r"das weiß ich nicht|weiß ich (leider )?nicht", "Das kläre ich gern für Sie."),
        (
            r"(da|dafür) bin ich nicht zuständig|nicht (mein|unser) (problem|zuständigkeit)",
            "Ich gebe das an die Kollegin weiter, die es lösen kann.",
        ),
        (r"wie (ich )?(bereits|schon) (gesagt|geschrieben|erwähnt)", "Gern noch einmal kurz zusammengefasst:"),
        (r"(sie müssen|du musst)", "Am schnellsten geht es, wenn …"),
        (r"(da|dagegen) kann ich (auch )?nichts (machen|tun)", "Was ich für Sie tun kann:"),
        (r"das ist (so )?nicht möglich|geht (leider )?nicht", "Möglich ist stattdessen:"),
        (r"beruhigen sie sich|bleiben sie ruhig", "Ich verstehe, dass Sie das ärgert."),
        (r"da haben sie (etwas )?falsch", "Da ist etwas schiefgegangen, das richten wir."),
    ),
    "en": (
        (r"no idea|(i )?have no clue", "Let me find out for you."),
        (r"i (don't|do not|dont) know", "I will check and get back to you."),
        (r"not (my|our) (problem|job|department)", "I'll pass this to the colleague who can solve it."),
        (r"as i (already )?(said|wrote|mentioned)", "Happy to sum it up once more:"),
        (r"you (have to|must|need to)", "The quickest way is …"),
        (r"(there('s| is) )?nothing (i|we) can do", "What I can do for you:"),
        (r"calm down", "I understand why this is frustrating."),
    ),
}
_COMPILED = {
    language: [(re.compile(rf"(?<!\w)(?:{pattern})(?!\w)", re.IGNORECASE), warmer) for pattern, warmer in phrases]
    for language, phrases in COLD.items()
}


def hints(text: str, language: str) -> list[dict[str, str]]:
    """Each cold phrase found with a warmer one in the customer's language, at most three."""
    straight = text.replace("’", "'")
    found = []
    for pattern, warmer in _COMPILED.get(language[:2], _COMPILED["de"]):
        hit = pattern.search(straight)
        if hit:
            found.append({"cold": hit.group(), "warm": warmer})
    return found[:3]
