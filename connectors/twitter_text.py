"""Text as X counts and spells it: the weighted length of twitter-text configuration 3, and plain text out of the API.

Source: twitter-text config/v3.json at 30e2430d (2026-11 still current); docs.x.com "Counting characters" (2026-08).
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Any

import emoji

if TYPE_CHECKING:
    from linkify_it import LinkifyIt

POST_LIMIT = 280
"""The longest post of an account without a subscription, in weighted characters."""
DIRECT_MESSAGE_LIMIT = 10_000
"""Characters of a direct message (tweepy 4.17 and docs.x.com; the specification names no limit)."""
LINK_LENGTH = 23
"""Every address counts as its shortened form, however long or short it is."""

_LIGHT = ((0x0000, 0x10FF), (0x2000, 0x200D), (0x2010, 0x201F), (0x2032, 0x2037))
_HEAVY = re.compile("[^" + "".join(f"{chr(low)}-{chr(high)}" for low, high in _LIGHT) + "]")
_SHORT_LINK = re.compile(r"https?://t\.co/[a-z0-9]{1,40}(?![a-z0-9])", re.IGNORECASE)
_ANY_SHORT_LINK = re.compile(r"https?://t\.co/", re.IGNORECASE)
_LONGEST_HOST_LABEL = 63
_LONGEST_HOST = 253


def weighted_length(text: str) -> int:
    """The length of a post as X counts it: links 23, an emoji sequence 2, most letters of Europe 1, others 2."""
    text = unicodedata.normalize("NFC", text)
    length, position = 0, 0
    for start, end in link_spans(text):
        length += _weight(text[position:start]) + LINK_LENGTH
        position = end
    return length + _weight(text[position:])


def _weight(text: str) -> int:
    if text.isascii():
        return len(text)
    emojis = len(emoji.emoji_list(text))
    plain = emoji.replace_emoji(text, "") if emojis else text
    return 2 * emojis + len(plain) + len(_HEAVY.findall(plain))


def link_spans(text: str) -> list[tuple[int, int]]:
    """Where the addresses stand that X shortens, with or without a protocol, in order."""
    if "." not in text and "。" not in text:
        return []
    spans = []
    for match in _finder().match(text) or ():
        if match.schema not in ("http:", "https:", "") or not _shortened(text, match):
            continue
        short = _SHORT_LINK.match(text, match.index)
        if short or not _ANY_SHORT_LINK.match(text, match.index):
            spans.append((match.index, short.end() if short else match.last_index))
    return spans


@cache
def _finder() -> LinkifyIt:
    from linkify_it import LinkifyIt
    from linkify_it.tlds import TLDS

    return LinkifyIt(options={"fuzzy_email": True}).tlds(list(TLDS))


def _shortened(text: str, match: Any) -> bool:
    before = text[match.index - 1] if match.index else " "
    if before in "@#$" or (not match.schema and (before in "-_./" or before.isalnum())):
        return False
    host = re.split(r"[/?#]", match.raw.split("//", 1)[-1], maxsplit=1)[0].rsplit(":", 1)[0]
    try:
        labels = [_punycode(label) for label in host.split(".")]
    except UnicodeError:
        return False
    if len(labels) < 2 or any(not 0 < len(label) <= _LONGEST_HOST_LABEL for label in labels):
        return False
    return sum(map(len, labels)) + len(labels) - 1 <= _LONGEST_HOST


def _punycode(label: str) -> str:
    return label if label.isascii() else "xn--" + label.encode("punycode").decode("ascii")


def plain(text: object) -> str:
    """The text as its author saw it: X escapes &, < and > for HTML; NUL and lone surrogates cannot be stored.

    Raises TypeError when it is no text.
    """
    if not isinstance(text, str):
        raise TypeError(f"the text is {type(text).__name__}, not a string")
    text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").replace("\x00", "")
    return text if text.isascii() else text.encode("utf-8", "ignore").decode("utf-8")


def same_text(sent: str, found: str, links: dict[str, str]) -> bool:
    """Whether a post found on X is the text we sent: its own shortened links and leading mentions set aside.

    `links` maps what X wrote into the text to the address it stands for.
    """
    for short, address in links.items():
        found = found.replace(short, address)
    return _comparable(sent) == _comparable(found)


_LEADING_MENTIONS = re.compile(r"^(?:\s*@\w{1,15}\b)+")


def _comparable(text: str) -> str:
    text = _LEADING_MENTIONS.sub("", unicodedata.normalize("NFC", text))
    for start, end in reversed(link_spans(text)):
        address = text[start:end].split("://", 1)[-1].rstrip("/")
        text = text[:start] + address + text[end:]
    return " ".join(text.split())
