"""What a stranger wrote, made safe to show: escaped, links clickable, the deciding words marked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from linkify_it import LinkifyIt
from markupsafe import Markup, escape

SHOWN_LINK = 60


@lru_cache(maxsize=1)
def _links() -> LinkifyIt:
    return LinkifyIt(options={"fuzzy_link": False, "fuzzy_email": False, "fuzzy_ip": False})


def prose(text: str, spans: Iterable[Sequence[int]] = ()) -> Markup:
    """HTML of a message. `spans` are [start, end) in characters, as the playbook counts them."""
    links = _find_links(text)
    marks = [(start, end) for start, end in merged(spans, len(text)) if not _inside(start, end, links)]
    pieces: list[Markup] = []
    position = 0
    for start, end, address in sorted([(start, end, "") for start, end in marks] + links):
        if start < position:
            continue
        pieces.append(escape(text[position:start]))
        pieces.append(_link(address) if address else Markup("<mark>{}</mark>").format(text[start:end]))
        position = end
    pieces.append(escape(text[position:]))
    return Markup("").join(pieces)


def _find_links(text: str) -> list[tuple[int, int, str]]:
    if "://" not in text:
        return []
    found = _links().match(text) or []
    return [(link.index, link.last_index, link.url) for link in found if link.schema in ("http:", "https:")]


def _link(address: str) -> Markup:
    shown = address.removeprefix("https://").removeprefix("http://")
    if len(shown) > SHOWN_LINK:
        shown = shown[: SHOWN_LINK - 1] + "…"
    return Markup('<a href="{}" rel="noopener noreferrer nofollow ugc" target="_blank">{}</a>').format(address, shown)


def merged(spans: Iterable[Sequence[int]], length: int) -> list[tuple[int, int]]:
    """Spans sorted, inside a text of that length, overlapping ones joined."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted((max(0, span[0]), min(length, span[1])) for span in spans):
        if start >= end:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _inside(start: int, end: int, links: list[tuple[int, int, str]]) -> bool:
    return any(start < link_end and end > link_start for link_start, link_end, _ in links)
