"""Meta's law about who may answer how, at the edges of its windows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from connectors.base import Connector, Kind, Situation, Way, WayOption, WayState
from connectors.facebook import Facebook
from connectors.instagram import Instagram
from tests.connectors.meta_account import NOW

SECOND = timedelta(seconds=1)
COMMENTED = Situation(Kind.COMMENT, NOW, "1_2", NOW - timedelta(hours=1))


def option(way: Way, channel: type[Connector] = Facebook, **facts: Any) -> WayOption:
    (found,) = [one for one in channel.ways(replace(COMMENTED, **facts)) if one.way is way]
    return found


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        ({}, WayState.AVAILABLE),
        ({"target_sent_at": NOW - timedelta(days=7) + SECOND}, WayState.AVAILABLE),
        ({"target_sent_at": NOW - timedelta(days=7)}, WayState.EXPIRED),
        ({"private_reply_used": True}, WayState.USED),
        ({"can_reply_privately": False}, WayState.NOT_PERMITTED),
        ({"can_reply_privately": None}, WayState.AVAILABLE),
        ({"target_deleted": True}, WayState.NOT_PERMITTED),
        ({"target_sent_at": None}, WayState.NOT_PERMITTED),
        ({"person_unavailable": True}, WayState.NOT_PERMITTED),
        ({"author_known": False}, WayState.AVAILABLE),
    ],
)
@pytest.mark.parametrize("channel", [Facebook, Instagram])
def test_private_replies(channel: type[Connector], facts: dict[str, Any], state: WayState) -> None:
    assert option(Way.PRIVATE_REPLY, channel, **facts).state is state


@pytest.mark.parametrize(
    ("age", "facts", "state", "outside"),
    [
        (timedelta(hours=24) - SECOND, {"human": False}, WayState.AVAILABLE, False),
        (timedelta(hours=24), {"human": False, "human_agent_allowed": True}, WayState.EXPIRED, False),
        (timedelta(hours=24), {}, WayState.EXPIRED, False),
        (timedelta(hours=24), {"human_agent_allowed": True}, WayState.AVAILABLE, True),
        (timedelta(days=7) - SECOND, {"human_agent_allowed": True}, WayState.AVAILABLE, True),
        (timedelta(days=7), {"human_agent_allowed": True}, WayState.EXPIRED, False),
        (timedelta(hours=1), {"person_unavailable": True}, WayState.NOT_PERMITTED, False),
    ],
)
def test_the_window_of_private_threads(age: timedelta, facts: dict[str, Any], state: WayState, outside: bool) -> None:
    found = option(Way.DIRECT_MESSAGE, kind=Kind.DIRECT_MESSAGE, last_inbound_at=NOW - age, **facts)
    assert (found.state, found.outside_window) == (state, outside)


def test_a_deadline_is_when_the_way_closes_or_closed() -> None:
    written = NOW - timedelta(hours=1)
    assert option(Way.PRIVATE_REPLY).deadline == written + timedelta(days=7)
    assert option(Way.DIRECT_MESSAGE, last_inbound_at=written).deadline == written + timedelta(hours=24)
    long_ago = NOW - timedelta(days=2)
    by_a_person = option(Way.DIRECT_MESSAGE, last_inbound_at=long_ago, human_agent_allowed=True)
    assert by_a_person.deadline == long_ago + timedelta(days=7)
    closed = option(Way.DIRECT_MESSAGE, last_inbound_at=long_ago)
    assert (closed.reason, closed.deadline) == ("window_closed", long_ago + timedelta(hours=24))


@pytest.mark.parametrize("channel", [Facebook, Instagram])
def test_a_private_thread_is_answered_in_private_or_on_the_platform_alone(channel: type[Connector]) -> None:
    found = channel.ways(Situation(Kind.DIRECT_MESSAGE, NOW, "m1", NOW, last_inbound_at=NOW))
    assert [one.way for one in found] == [Way.DIRECT_MESSAGE, Way.ON_PLATFORM]


@pytest.mark.parametrize("channel", [Facebook, Instagram])
def test_below_a_deleted_comment_only_the_platforms_own_app_is_left(channel: type[Connector]) -> None:
    found = channel.ways(Situation(Kind.COMMENT, NOW, "1_2", NOW, target_deleted=True))
    assert {one.way for one in found if one.state is WayState.AVAILABLE} == {Way.ON_PLATFORM}
    assert {one.reason for one in found if one.way is Way.PUBLIC_REPLY} == {"target_gone"}


def test_switched_off_links_close_the_way_with_a_link_and_no_other() -> None:
    allowed, switched_off = (Facebook.ways(replace(COMMENTED, deep_links_allowed=on)) for on in (True, False))
    closed = {one.way for one in allowed if one.state is WayState.AVAILABLE} - {
        one.way for one in switched_off if one.state is WayState.AVAILABLE
    }
    assert closed == {Way.PUBLIC_REPLY_WITH_LINK}


def test_a_private_thread_needs_the_person_first() -> None:
    assert option(Way.DIRECT_MESSAGE).state is WayState.NEEDS_PERSON_FIRST


def test_open_ways_come_first_and_a_private_reply_before_asking() -> None:
    open_ways = [
        o.way for o in Facebook.ways(Situation(Kind.COMMENT, NOW, "1_2", NOW)) if o.state is WayState.AVAILABLE
    ]
    assert open_ways[0] is Way.PRIVATE_REPLY
    used = Facebook.ways(Situation(Kind.COMMENT, NOW, "1_2", NOW, private_reply_used=True))
    assert used[0].way is Way.PUBLIC_REPLY_WITH_LINK
    assert used[0].state is WayState.AVAILABLE


def test_a_mention_on_instagram_takes_no_private_reply_and_a_visitors_post_does() -> None:
    assert option(Way.PRIVATE_REPLY, Instagram, kind=Kind.MENTION).state is WayState.NOT_PERMITTED
    assert option(Way.PRIVATE_REPLY, Facebook, kind=Kind.MENTION).state is WayState.AVAILABLE


def test_every_way_is_among_the_capabilities() -> None:
    for channel in (Facebook, Instagram):
        told = {o.way for o in channel.ways(Situation(Kind.COMMENT, NOW, "1", NOW))}
        assert told == channel.capabilities.ways


def test_lengths_as_the_platform_counts() -> None:
    assert Instagram.text_length("ä😀", Way.DIRECT_MESSAGE) == 6
    assert Instagram.text_length("ä😀", Way.PUBLIC_REPLY) == 2
    assert Facebook.text_limit(Way.DIRECT_MESSAGE) < 2000
    assert Facebook.text_limit(Way.PUBLIC_REPLY) == 8000
