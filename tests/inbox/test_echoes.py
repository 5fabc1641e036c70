"""What we said ourselves is ours, whatever the platform tells of its author, and whenever it tells."""

from __future__ import annotations

import pytest

from connectors.base import Author, InboundMessage, OutcomeUnknown, Page, Receipt
from inbox.models import Message
from tests.inbox.postbox import Office

NOBODY = Author()
WORDS = "Ja, ab Montag."


@pytest.fixture
def asked(office: Office) -> Office:
    """Somebody asked below a post, and a colleague has written an answer that has not left yet."""
    office.arrive(office.comment("Gibt es das noch?", external_id="root", conversation_id="root"), stream="comments")
    office.reply(office.conversation.id, WORDS, "public")
    return office


def shown(
    office: Office, external_id: str, text: str = WORDS, author: Author = NOBODY, **more: object
) -> InboundMessage:
    """A reply below the question, as a list shows it."""
    parts = {"conversation_id": "root", "parent_id": "root", "external_id": external_id, "author": author} | more
    return office.comment(text, **parts)


def said(office: Office) -> list[tuple[str, str, str]]:
    return [(row.text, row.direction, row.origin) for row in office.rows(Message)[1:]]


def test_a_known_id_is_ours_without_an_author(asked: Office) -> None:
    asked.box.during_send = lambda: asked.arrive(shown(asked, "own-1"), stream="comments")
    asked.work("dispatch")
    asked.work()
    assert said(asked) == [(WORDS, "outbound", "agent")]
    assert asked.conversation.waiting_since is None
    assert len(asked.outbox) == 1


def test_a_lost_answer_is_found_again_without_an_author(asked: Office) -> None:
    asked.box.answers.append(OutcomeUnknown("cut"))
    asked.work("dispatch")
    asked.arrive(shown(asked, "own-1"), stream="comments")
    assert said(asked) == [(WORDS, "outbound", "agent")]
    assert (asked.states, asked.outbox[0].external_id) == (["sent"], "own-1")


def test_other_words_without_an_author_are_a_customers(asked: Office) -> None:
    asked.box.answers.append(OutcomeUnknown("cut"))
    asked.work("dispatch")
    asked.arrive(shown(asked, "theirs", "Das frage ich mich auch."), stream="comments")
    asked.arrive(shown(asked, "named", WORDS, Author("karl")), stream="comments")
    assert [row[1:] for row in said(asked)] == [("inbound", "customer")] * 2
    assert asked.states == ["unknown"]


def test_what_looked_like_a_customers_is_turned_when_the_platform_names_us(asked: Office) -> None:
    asked.arrive(shown(asked, "native-1", "Gern geschehen!"), stream="comments")
    assert said(asked) == [("Gern geschehen!", "inbound", "customer")]
    assert asked.conversation.waiting_since is not None
    asked.arrive(shown(asked, "native-1", "Gern geschehen!", Author("shop"), own=True), stream="comments")
    assert said(asked) == [("Gern geschehen!", "outbound", "native")]
    assert asked.conversation.waiting_since is None


def test_a_receipt_for_what_looked_like_a_customers_turns_it(asked: Office) -> None:
    """Read before the answer to the send came, with other words than we keep (the platform mended them)."""
    before = shown(asked, "own-9", "Ja, ab Montag!!")
    asked.box.during_send = lambda: asked.arrive(before, stream="comments")
    asked.box.answers.append(Receipt("own-9"))
    asked.work("dispatch")
    assert [row[1:] for row in said(asked)] == [("outbound", "agent")]
    assert asked.conversation.waiting_since is None


def test_a_private_answer_to_somebody_unnamed_is_found_in_whichever_thread_it_opened(office: Office) -> None:
    office.arrive(office.comment("kaputt!", external_id="root", conversation_id="root"), stream="comments")
    unnamed = office.comment("Bei mir auch", external_id="c2", conversation_id="root", parent_id="root", author=NOBODY)
    office.arrive(unnamed, stream="comments")
    item = office.reply(office.conversation.id, WORDS, "private")
    assert item.contact_id is None
    office.box.answers.append(OutcomeUnknown("cut"))
    office.work("dispatch")
    office.box.pages["messages"].append(Page({"at": 1}, messages=(office.letter(WORDS, "lena", own=True),)))
    office.clock.advance(seconds=11)
    office.work("poll")
    assert office.states == ["sent"]
