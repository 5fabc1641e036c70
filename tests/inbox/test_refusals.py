"""What a platform refuses is said with what to do instead, and the same door is not offered again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connectors.base import RefusalReason, Refused, WayState
from inbox import refusals, replies
from inbox.db import reading
from inbox.models import Contact, Message
from tests.inbox.postbox import Office


@pytest.mark.parametrize("reason", RefusalReason, ids=str)
def test_every_reason_has_a_sentence_for_people(reason: RefusalReason) -> None:
    said = refusals.sentence(reason, "(#10) no")
    assert said.startswith(refusals.SENTENCES[reason])
    assert said.endswith("(The platform: (#10) no)")


def refused(office: Office, reason: RefusalReason, visibility: str = "private") -> None:
    office.arrive(office.comment("Wo ist mein Paket?"), stream="comments")
    office.box.answers.append(Refused("no", reason=reason))
    office.reply(office.conversation.id, "Wir schauen nach.", visibility)
    office.work("dispatch")
    assert office.states == ["failed"]
    assert office.outbox[0].reason.startswith(refusals.SENTENCES[reason])


def test_a_used_private_reply_is_remembered_on_the_comment(office: Office) -> None:
    refused(office, RefusalReason.ALREADY_REPLIED_PRIVATELY)
    assert office.rows(Message)[0].can_reply_privately is False
    with reading(office.runtime.sessions) as session:
        found = replies.options(session, office.runtime.channels, office.conversation.id, office.clock())
    assert [(str(one.way), one.state is WayState.AVAILABLE) for one in found] == [
        ("private_reply", False),
        ("public_reply", True),
    ]


def test_a_person_who_cannot_be_reached_is_remembered(office: Office) -> None:
    refused(office, RefusalReason.PERSON_UNAVAILABLE)
    assert office.rows(Contact)[0].unavailable_at == office.clock()
    assert office.rows(Message)[0].can_reply_privately is True


def test_who_writes_to_us_again_in_private_can_be_reached_again(office: Office) -> None:
    refused(office, RefusalReason.PERSON_UNAVAILABLE)
    before = office.letter("Hallo?", sent_at=office.clock() - timedelta(minutes=1))
    office.arrive(before, office.letter("Guten Tag", own=True), stream="messages")
    office.arrive(office.comment("Hallo?"), stream="comments")
    assert office.rows(Contact)[0].unavailable_at is not None
    office.clock.advance(seconds=1)
    office.arrive(office.letter("Jetzt geht es wieder."))
    assert office.rows(Contact)[0].unavailable_at is None


@pytest.mark.parametrize("reason", [RefusalReason.TOO_LONG, RefusalReason.INVALID], ids=str)
def test_what_is_wrong_with_the_words_closes_no_door(office: Office, reason: RefusalReason) -> None:
    refused(office, reason, "public")
    assert office.rows(Contact)[0].unavailable_at is None
    assert office.rows(Message)[0].can_reply_privately is True
