"""From a customer's message to our answer and back, on real HTTP, through every room of the house."""

from __future__ import annotations

import pytest

from inbox import conversations, replies, suggestions
from inbox.db import writing
from tests.journeys.house import House

COMPLAINT = "Bestellung vom 3. Mai immer noch nicht angekommen, und eure Hotline geht nicht ran. Frechheit!"
QUESTION = "Guten Tag, ich hätte eine Frage zu meinem neuen Rucksack."


def everyday_message(house: House, channel: str) -> None:
    world = house.world
    {"facebook": world.facebook.message, "instagram": world.instagram.message,
     "twitter": world.twitter.direct_message}[channel]("Jana Prohaska", QUESTION)  # fmt: skip


@pytest.mark.parametrize("channel", ["facebook", "instagram", "twitter"])
def test_an_everyday_direct_message_is_answered_automatically_and_says_so(house: House, channel: str) -> None:
    everyday_message(house, channel)

    house.live(60)

    sent = [row for row in house.sandbox.journal if row["platform"] == channel]
    assert [row["action"] for row in sent] == ["direct_message"]
    ours = house.messages(direction="outbound")
    assert [(row.origin, row.text) for row in ours] == [("automation", sent[0]["text"])]
    assert "utomatische Antwort" in ours[0].text
    assert [item.state for item in house.outbox()] == ["sent"]
    assert house.conversation_of(QUESTION).clock_kind == "first_response"


def test_a_public_complaint_moves_to_a_private_thread_that_is_linked_answered_and_resolved(house: House) -> None:
    anna = house.person()
    post = house.world.facebook.post("Neue Wanderschuhe sind da!")
    house.world.facebook.comment(post, "Jana Prohaska", COMPLAINT)
    house.live(30)
    public = house.conversation_of(COMPLAINT)
    proposed = house.suggestions(conversation_id=public.id, kind="move_to_private")
    assert [(one.kind, one.way, one.status) for one in proposed] == [("move_to_private", "private_reply", "open")]
    assert house.sandbox.journal == []

    with writing(house.runtime.sessions) as session:
        suggestions.accept(session, house.runtime, proposed[0].id, None, anna, house.clock())
    house.live(40)

    assert [row["action"] for row in house.sandbox.journal] == ["private_reply"]
    private = next(one for one in house.conversations(visibility="private"))
    assert private.linked_conversation_id == public.id
    assert house.conversation_of(COMPLAINT).linked_conversation_id == private.id

    house.world.facebook.message("Jana Prohaska", "Danke, die Bestellnummer ist 4711.")
    house.live(30)
    with writing(house.runtime.sessions) as session:
        draft = replies.Draft("Wir schicken es heute neu.", "private", "k1", anna)
        replies.reply(session, house.runtime, private.id, draft, house.clock())
    house.live(30)
    with writing(house.runtime.sessions) as session:
        conversations.resolve(session, private.id, anna, house.clock())

    assert [row["action"] for row in house.sandbox.journal] == ["private_reply", "direct_message"]
    assert [one.status for one in house.conversations(visibility="private")] == ["resolved"]
    origins = [row.origin for row in house.messages(conversation_id=private.id)]
    assert origins == ["agent", "customer", "agent"]


def test_a_colleagues_answer_in_the_platforms_app_silences_the_machine(house: House) -> None:
    house.world.facebook.message("Jana Prohaska", QUESTION)
    house.clock.advance(seconds=10)
    house.work("poll", "triage")
    assert [item.state for item in house.outbox()] == ["queued"]

    house.world.facebook.native_reply("Jana Prohaska", "Hallo Jana, worum geht es?")
    house.live(30)

    assert [item.state for item in house.outbox()] == ["cancelled"]
    assert [row["action"] for row in house.sandbox.journal] == []
    assert [row.origin for row in house.messages(direction="outbound")] == ["native"]
    assert house.conversation_of(QUESTION).waiting_since is None
