"""How long X finds a text: twitter-text's weights, config v3 (280, links 23, an emoji 2)."""

from __future__ import annotations

import re
import unicodedata

import emoji

LIMIT = 280
_LINK_WEIGHT = 23
_LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
LINK = re.compile(
    r"https?://[^\s<>\"']*[^\s<>\"'.,;:!?)]|(?<![@\w./-])(?:[\w-]+\.)+(?:at|com|de|ch|eu|org|net|info|shop)\b(?:/[^\s]*)?",
    re.IGNORECASE,
)
"""Links as X shortens them; bare domains of the endings a shop in Vienna meets."""


def weighted_length(text: str) -> int:
    """The length in X's units."""
    normal = unicodedata.normalize("NFC", text)
    without_links, links = LINK.subn("", normal)
    total = links * _LINK_WEIGHT
    for token in emoji.analyze(without_links, non_emoji=True):
        if isinstance(token.value, emoji.EmojiMatch):
            total += 2
        else:
            total += 1 if any(low <= ord(token.chars) <= high for low, high in _LIGHT) else 2
    return total
