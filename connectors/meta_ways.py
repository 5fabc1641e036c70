"""Which ways to answer are open on Facebook and Instagram: Meta's law as one pure function.

Windows: 24 hours after the person's last private message; under the human-agent provision 7 days, for answers a
person wrote; one private reply to each comment within 7 days (Messenger Platform policy, 2026-09-28; private
replies, 2026-04-16 and 2026-06-30). A private reply does not open the 24-hour window; the person's answer does.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from connectors.base import Kind, Situation, Way, WayOption, WayState

WINDOW = timedelta(hours=24)
HUMAN_AGENT_WINDOW = timedelta(days=7)
PRIVATE_REPLY_WINDOW = timedelta(days=7)


def meta_ways(
    situation: Situation, offered: Sequence[Way], *, mentions_privately: bool = True
) -> tuple[WayOption, ...]:
    """Every way in `offered`, the open ones first, otherwise in the order given.

    `mentions_privately`: a mention, too, may be answered by a private reply (a visitor's post on a Page may).
    """
    if situation.kind is Kind.DIRECT_MESSAGE:
        options = [_direct_message(situation), _on_platform()]
    else:
        options = [_public_kind(way, situation) for way in offered]
        if situation.kind is Kind.MENTION and not mentions_privately:
            shut = WayOption(Way.PRIVATE_REPLY, WayState.NOT_PERMITTED, "not_permitted")
            options = [shut if option.way is Way.PRIVATE_REPLY else option for option in options]
    return tuple(sorted(options, key=lambda option: option.state is not WayState.AVAILABLE))


def _public_kind(way: Way, situation: Situation) -> WayOption:
    if way is Way.PRIVATE_REPLY:
        return _private_reply(situation)
    if way is Way.DIRECT_MESSAGE:
        return _direct_message(situation)
    if way is Way.ON_PLATFORM:
        return _on_platform()
    if situation.target_deleted:
        return WayOption(way, WayState.NOT_PERMITTED, "target_gone")
    if way is Way.PUBLIC_REPLY_WITH_LINK and not situation.deep_links_allowed:
        return WayOption(way, WayState.NOT_PERMITTED, "deep_links_off")
    return WayOption(way, WayState.AVAILABLE, "open")


def _private_reply(situation: Situation) -> WayOption:
    way = Way.PRIVATE_REPLY
    if situation.private_reply_used:
        return WayOption(way, WayState.USED, "already_replied_privately")
    if situation.target_deleted or situation.target_id is None:
        return WayOption(way, WayState.NOT_PERMITTED, "target_gone")
    if situation.person_unavailable:
        return WayOption(way, WayState.NOT_PERMITTED, "person_unavailable")
    if situation.target_sent_at is None:
        return WayOption(way, WayState.NOT_PERMITTED, "not_permitted")
    deadline = situation.target_sent_at + PRIVATE_REPLY_WINDOW
    if situation.now >= deadline:
        return WayOption(way, WayState.EXPIRED, "comment_too_old", deadline)
    if situation.can_reply_privately is False:
        return WayOption(way, WayState.NOT_PERMITTED, "not_permitted")
    return WayOption(way, WayState.AVAILABLE, "open", deadline)


def _direct_message(situation: Situation) -> WayOption:
    way = Way.DIRECT_MESSAGE
    if situation.person_unavailable:
        return WayOption(way, WayState.NOT_PERMITTED, "person_unavailable")
    last = situation.last_inbound_at
    if last is None:
        return WayOption(way, WayState.NEEDS_PERSON_FIRST, "needs_person_first")
    if situation.now < last + WINDOW:
        return WayOption(way, WayState.AVAILABLE, "open", last + WINDOW)
    return _outside_window(situation, last)


def _outside_window(situation: Situation, last: datetime) -> WayOption:
    if situation.now < last + HUMAN_AGENT_WINDOW and situation.human and situation.human_agent_allowed:
        deadline = last + HUMAN_AGENT_WINDOW
        return WayOption(Way.DIRECT_MESSAGE, WayState.AVAILABLE, "human_agent", deadline, outside_window=True)
    return WayOption(Way.DIRECT_MESSAGE, WayState.EXPIRED, "window_closed", last + WINDOW)


def _on_platform() -> WayOption:
    return WayOption(Way.ON_PLATFORM, WayState.AVAILABLE, "open")
