"""X's law: who may be answered how."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.base import Kind, Situation, Way, WayState
from connectors.twitter import Twitter
from connectors.twitter_ways import deep_link
from tests.connectors.x_account import NOW

PUBLIC = Situation(Kind.MENTION, NOW, target_id="900", summons_us=True)
PRIVATE = Situation(Kind.DIRECT_MESSAGE, NOW, last_inbound_at=NOW)
STATES = tuple[WayState, str]


def states(situation: Situation) -> dict[Way, STATES]:
    return {option.way: (option.state, option.reason) for option in Twitter.ways(situation)}


def test_who_summons_us_may_be_answered_publicly() -> None:
    found = states(PUBLIC)
    for way in (Way.PUBLIC_REPLY, Way.PUBLIC_REPLY_WITH_LINK, Way.ASK_TO_WRITE_FIRST):
        assert found[way] == (WayState.AVAILABLE, "open")
    assert found[Way.DIRECT_MESSAGE] == (WayState.NEEDS_PERSON_FIRST, "needs_person_first")


@pytest.mark.parametrize("summons", [False, None])
def test_who_does_not_is_answered_on_x_only(summons: bool | None) -> None:
    found = states(replace(PUBLIC, summons_us=summons))
    assert found[Way.PUBLIC_REPLY] == (WayState.NOT_PERMITTED, "not_summoned")
    assert found[Way.PUBLIC_REPLY_WITH_LINK] == (WayState.NOT_PERMITTED, "not_summoned")
    assert found[Way.ON_PLATFORM] == (WayState.AVAILABLE, "open")


def test_a_contract_with_x_lifts_the_summons() -> None:
    found = states(replace(PUBLIC, summons_us=False, unsummoned_replies_allowed=True))
    assert found[Way.PUBLIC_REPLY] == (WayState.AVAILABLE, "open")


def test_a_deleted_post_is_not_answered() -> None:
    assert states(replace(PUBLIC, target_deleted=True))[Way.PUBLIC_REPLY] == (WayState.NOT_PERMITTED, "target_gone")


def test_who_wrote_privately_before_may_be_written_to() -> None:
    assert states(replace(PUBLIC, person_has_written_privately=True))[Way.DIRECT_MESSAGE] == (
        WayState.AVAILABLE,
        "open",
    )


def test_a_direct_message_has_no_window() -> None:
    found = states(PRIVATE)
    assert found[Way.DIRECT_MESSAGE] == (WayState.AVAILABLE, "open")
    assert set(found) == {Way.DIRECT_MESSAGE, Way.ON_PLATFORM}


def test_who_never_wrote_is_not_written_to() -> None:
    assert states(replace(PRIVATE, last_inbound_at=None))[Way.DIRECT_MESSAGE][0] is WayState.NEEDS_PERSON_FIRST


def test_who_blocked_us_is_not_written_to() -> None:
    found = states(replace(PRIVATE, person_unavailable=True))
    assert found[Way.DIRECT_MESSAGE] == (WayState.NOT_PERMITTED, "person_unavailable")


def test_the_link_can_be_switched_off() -> None:
    found = states(replace(PUBLIC, deep_links_allowed=False))
    assert found[Way.PUBLIC_REPLY_WITH_LINK] == (WayState.NOT_PERMITTED, "deep_links_off")
    assert found[Way.ASK_TO_WRITE_FIRST] == (WayState.AVAILABLE, "open")


def test_a_machine_cannot_answer_on_the_platform() -> None:
    assert states(replace(PUBLIC, human=False))[Way.ON_PLATFORM] == (WayState.NOT_PERMITTED, "needs_a_person")


def test_nobody_known_is_written_to_and_the_public_way_stays() -> None:
    found = states(replace(PUBLIC, author_known=False, person_has_written_privately=True))
    assert found[Way.DIRECT_MESSAGE] == (WayState.NOT_PERMITTED, "author_unknown")
    assert found[Way.PUBLIC_REPLY] == (WayState.AVAILABLE, "open")


def test_a_public_reply_with_a_link_counts_the_link_until_the_text_holds_it() -> None:
    said = "Bitte schreiben Sie uns."
    assert Twitter.text_length(said, Way.PUBLIC_REPLY) == len(said)
    assert Twitter.text_length(said, Way.PUBLIC_REPLY_WITH_LINK) == len(said) + 1 + 23
    with_link = f"{said} {deep_link('2244994945')}"
    assert Twitter.text_length(with_link, Way.PUBLIC_REPLY_WITH_LINK) == len(said) + 1 + 23
    older = f"{said} https://twitter.com/messages/compose?recipient_id=2244994945"
    newer = f"{said} https://x.com/messages/compose?recipient_id=2244994945"
    assert deep_link("2244994945") in older
    assert {Twitter.text_length(one, Way.PUBLIC_REPLY_WITH_LINK) for one in (older, newer)} == {len(said) + 1 + 23}


def test_a_direct_message_counts_characters_and_takes_ten_thousand() -> None:
    said = "👟 https://shop.example/ein-langer-weg"
    assert Twitter.text_length(said, Way.DIRECT_MESSAGE) == len(said)
    assert Twitter.text_length(said, Way.PUBLIC_REPLY) == 2 + 1 + 23
    assert (Twitter.text_limit(Way.DIRECT_MESSAGE), Twitter.text_limit(Way.PUBLIC_REPLY)) == (10_000, 280)
