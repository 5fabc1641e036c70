"""X's law of answering, as pure functions: which ways are open, and how long a text may be.

Sources: docs.x.com changelog 2026-02-23 (replies by a program need the author's mention or quote; self-serve plans
only), developer guidelines 2026-08 (direct messages only after the person wrote first), OpenAPI 2.166.
"""

from __future__ import annotations

from connectors.base import Kind, Situation, Way, WayOption, WayState
from connectors.twitter_text import DIRECT_MESSAGE_LIMIT, LINK_LENGTH, POST_LIMIT, weighted_length

PUBLIC_WAYS = (Way.PUBLIC_REPLY, Way.PUBLIC_REPLY_WITH_LINK, Way.ASK_TO_WRITE_FIRST)
_LINK_BEGINS = ("https://twitter.com/messages/compose?", "https://x.com/messages/compose?")


def ways(situation: Situation) -> tuple[WayOption, ...]:
    """Every way X knows for this conversation, best first."""
    direct = WayOption(Way.DIRECT_MESSAGE, *_direct_message(situation))
    elsewhere = WayOption(
        Way.ON_PLATFORM,
        WayState.AVAILABLE if situation.human else WayState.NOT_PERMITTED,
        "open" if situation.human else "needs_a_person",
    )
    if situation.kind is Kind.DIRECT_MESSAGE:
        return (direct, elsewhere)
    state, reason = _public(situation)
    link = (state, reason) if situation.deep_links_allowed else (WayState.NOT_PERMITTED, "deep_links_off")
    return (
        WayOption(Way.PUBLIC_REPLY, state, reason),
        direct,
        WayOption(Way.PUBLIC_REPLY_WITH_LINK, *link),
        WayOption(Way.ASK_TO_WRITE_FIRST, state, reason),
        elsewhere,
    )


def _public(situation: Situation) -> tuple[WayState, str]:
    if situation.target_deleted:
        return WayState.NOT_PERMITTED, "target_gone"
    if situation.unsummoned_replies_allowed or situation.summons_us:
        return WayState.AVAILABLE, "open"
    return WayState.NOT_PERMITTED, "not_summoned"


def _direct_message(situation: Situation) -> tuple[WayState, str]:
    if situation.person_unavailable:
        return WayState.NOT_PERMITTED, "person_unavailable"
    if not situation.author_known:
        return WayState.NOT_PERMITTED, "author_unknown"
    in_thread = situation.kind is Kind.DIRECT_MESSAGE and situation.last_inbound_at is not None
    if in_thread or situation.person_has_written_privately:
        return WayState.AVAILABLE, "open"
    return WayState.NEEDS_PERSON_FIRST, "needs_person_first"


def text_length(text: str, way: Way) -> int:
    """Weighted characters of a post, plain characters of a direct message.

    A public reply with link counts the link also where the text does not hold it yet: `send` puts it at the end.
    """
    if way is Way.DIRECT_MESSAGE:
        return len(text)
    missing = way is Way.PUBLIC_REPLY_WITH_LINK and not has_link(text)
    return weighted_length(text) + (1 + LINK_LENGTH if missing else 0)


def text_limit(way: Way) -> int:
    """The longest text, in the units of `text_length`."""
    return DIRECT_MESSAGE_LIMIT if way is Way.DIRECT_MESSAGE else POST_LIMIT


def deep_link(external_id: str) -> str:
    """The address that opens a direct message to this account; at the end of a post X shows it as a button."""
    return f"{_LINK_BEGINS[0]}recipient_id={external_id}"


def has_link(text: str) -> bool:
    """Whether a text already holds a link that opens a direct message."""
    return any(begin in text for begin in _LINK_BEGINS)
