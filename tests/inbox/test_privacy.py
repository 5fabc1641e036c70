"""What is held about one person: told whole, erased, and gone with the history, without touching anybody else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from inbox import contacts, retention
from inbox.db import reading, writing
from inbox.errors import Refusal
from inbox.models import Contact, Conversation, Message
from tests.inbox.postbox import Office


@pytest.fixture
def thread(office: Office) -> Office:
    """Jana began a public thread, Karl wrote in it, and Jana wrote to us in private too."""
    root = office.comment("Schöne Schuhe!")
    office.arrive(root, office.comment("Meine drücken.", "karl", conversation_id=root.external_id), stream="comments")
    office.arrive(office.letter("Wo ist mein Paket?"))
    return office


def person(office: Office, name: str) -> int:
    (one,) = office.rows(Contact, name=name)
    return one.id


def told(office: Office, name: str) -> list[str]:
    with reading(office.runtime.sessions) as session:
        return [message["text"] for message in contacts.export(session, person(office, name))["messages"]]


def test_an_export_holds_what_the_person_said_everywhere_and_nobody_elses_words(thread: Office) -> None:
    assert told(thread, "Jana") == ["Schöne Schuhe!", "Wo ist mein Paket?"]
    assert told(thread, "Karl") == ["Meine drücken."]


def test_erasing_one_person_leaves_the_words_of_the_others(thread: Office) -> None:
    with writing(thread.runtime.sessions) as session:
        contacts.erase(session, person(thread, "Jana"), "anna@shop.example", thread.clock())
    assert thread.texts() == ["", "Meine drücken.", ""]


def test_a_thread_under_legal_hold_is_not_emptied_by_erasing_one_of_many(thread: Office) -> None:
    with writing(thread.runtime.sessions) as session:
        session.execute(update(Conversation).where(Conversation.kind == "comment").values(legal_hold=True))
    with writing(thread.runtime.sessions) as session, pytest.raises(Refusal, match="legal hold"):
        contacts.erase(session, person(thread, "Karl"), "anna@shop.example", thread.clock())
    assert "Meine drücken." in thread.texts()


def test_everybody_in_an_old_thread_goes_with_it_but_who_still_speaks_with_us(thread: Office) -> None:
    with writing(thread.runtime.sessions) as session:
        session.execute(update(Conversation).values(waiting_since=None))
        session.execute(
            update(Conversation)
            .where(Conversation.kind == "comment")
            .values(last_message_at=thread.clock() - timedelta(days=400))
        )
        before = thread.clock() - timedelta(days=365)
        assert retention.remove_conversations(session, before, thread.clock()) == 1
    assert [one.name for one in thread.rows(Contact)] == ["Jana"]
    assert [one.text for one in thread.rows(Message)] == ["Wo ist mein Paket?"]
