"""When a message of ours on the platform is taken for one of our replies, and when it is a colleague's."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from connectors.base import Attachment, Author, OutcomeUnknown
from inbox.db import writing
from inbox.echoes import same_text
from inbox.models import Message, OutboxItem
from tests.inbox.postbox import Office

WORDS = "Ja, ab Montag für alle."


@pytest.mark.parametrize(
    ("said", "given_back", "same"),
    [
        (WORDS, "Ja,  ab Montag\nfür alle. ", True),
        (WORDS, "Ja, ab Montag fu\u0308r alle.", True),
        (WORDS, "@jana @karl Ja, ab Montag für alle.", True),
        ("@jana " + WORDS, WORDS, True),
        (WORDS, "Ja, ab Montag fur alle.", False),
        (WORDS, "Ja, ab Montag für alle", False),
        (WORDS, "Ja, ab Montag für alle. @jana", False),
        ("@jana", "@karl", False),
    ],
)
def test_the_same_words_as_platforms_give_them_back(said: str, given_back: str, same: bool) -> None:
    assert same_text(said, given_back) is same


def in_doubt(office: Office) -> None:
    """A reply whose answer was lost."""
    office.arrive(office.letter())
    office.reply(office.conversation.id, WORDS)
    office.box.answers.append(OutcomeUnknown("cut"))
    office.work("dispatch")
    assert office.outbox[-1].state == "unknown"


@pytest.mark.parametrize(("person", "state", "origin"), [("jana", "sent", "agent"), ("karl", "unknown", "native")])
def test_the_same_words_to_somebody_else_are_a_colleagues(office: Office, person: str, state: str, origin: str) -> None:
    in_doubt(office)
    office.arrive(office.letter(WORDS, person, own=True, external_id="own-1"))
    assert office.outbox[-1].state == state
    assert [message.origin for message in office.rows(Message, direction="outbound")] == [origin]


@pytest.mark.parametrize("author", [Author(), Author(handle="shop")])
def test_our_words_in_that_thread_are_ours_though_no_author_or_only_a_handle_is_shown(
    office: Office, author: Author
) -> None:
    """Instagram leaves `from` out now and then and shows the user name all the same."""
    question = office.comment("Wo ist mein Paket?")
    office.arrive(question, stream="comments")
    office.box.answers.append(OutcomeUnknown("cut"))
    office.reply(office.conversation.id, WORDS, visibility="public")
    office.work("dispatch")
    echo = office.comment(WORDS, conversation_id=question.conversation_id, external_id="own-1", author=author)
    office.arrive(echo, stream="comments")
    ours = [(message.direction, message.origin) for message in office.rows(Message, external_id="own-1")]
    assert (office.states, ours) == (["sent"], [("outbound", "agent")])


def test_a_message_without_words_or_files_is_no_echo_of_a_reply_without_words(office: Office) -> None:
    in_doubt(office)
    with writing(office.runtime.sessions) as session:
        session.execute(update(OutboxItem).values(text=""))
    office.arrive(office.letter("", own=True, external_id="empty"))
    assert office.outbox[-1].state == "unknown"
    picture = (Attachment("image"),)
    office.arrive(office.letter("", own=True, external_id="picture", attachments=picture))
    assert (office.outbox[-1].state, office.outbox[-1].external_id) == ("sent", "picture")
