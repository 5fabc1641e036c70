"""A message that a push filed by itself moves where a poll shows it, with all that hangs on it."""

from __future__ import annotations

from dataclasses import replace

from connectors.base import InboundMessage, Page
from inbox import conversations
from inbox.db import writing
from inbox.models import Conversation, Event, Message, Note, Suggestion
from tests.inbox.postbox import Office


def pushed(office: Office, *messages: InboundMessage) -> None:
    body = messages[0].external_id
    office.box.pages[f"push {body}"].append(Page({}, messages=messages))
    office.push(body.encode())
    office.work("push", "triage")


def threads(office: Office) -> dict[str, list[str]]:
    """What stands in each conversation."""
    found = {row.id: row.external_id for row in office.rows(Conversation)}
    told: dict[str, list[str]] = {name: [] for name in found.values()}
    for message in office.rows(Message):
        told[found[message.conversation_id]].append(message.text)
    return told


def test_a_reply_whose_parent_is_here_is_at_home_at_once(office: Office) -> None:
    first = office.comment("Gibt es die in blau?", "jana")
    office.arrive(first, stream="comments")
    pushed(office, replace(office.comment("Und in rot?", "ben"), parent_id=first.external_id))
    assert threads(office) == {first.external_id: ["Gibt es die in blau?", "Und in rot?"]}


def test_a_reply_whose_parent_is_unknown_moves_home_and_its_empty_conversation_is_given_up(office: Office) -> None:
    first = office.comment("Gibt es die in blau?", "jana")
    office.clock.advance(seconds=1)
    answer = replace(office.comment("Total kaputt!", "ben"), parent_id=first.external_id)
    pushed(office, answer)
    assert list(threads(office)) == [answer.external_id]
    with writing(office.runtime.sessions) as session:
        conversations.add_note(session, office.conversation.id, "Bekannt?", "anna@shop.example", office.clock())
    assert len(office.suggestions) == 1

    office.arrive(first, replace(answer, conversation_id=first.external_id), stream="comments")
    assert threads(office) == {first.external_id: ["Total kaputt!", "Gibt es die in blau?"]}
    home = office.conversation.id
    assert {row.conversation_id for row in office.rows(Note)} == {home}
    assert {row.conversation_id for row in office.rows(Suggestion)} == {home}
    assert {row.conversation_id for row in office.rows(Event) if row.conversation_id is not None} == {home}


def test_a_conversation_that_still_holds_something_stays(office: Office) -> None:
    first, other = office.comment("Gibt es die in blau?", "jana"), office.comment("Ganz was anderes", "cleo")
    office.arrive(other, stream="comments")
    astray = replace(office.comment("Und in rot?", "ben"), conversation_id=other.external_id)
    pushed(office, astray)
    assert threads(office) == {other.external_id: ["Ganz was anderes", "Und in rot?"]}
    office.arrive(first, replace(astray, conversation_id=first.external_id), stream="comments")
    assert threads(office) == {
        other.external_id: ["Ganz was anderes"],
        first.external_id: ["Und in rot?", "Gibt es die in blau?"],
    }


def test_seen_again_where_it_is_nothing_moves(office: Office) -> None:
    first = office.comment("Gibt es die in blau?", "jana")
    pushed(office, first)
    before = office.conversation
    office.arrive(first, stream="comments")
    assert (office.conversation.id, office.conversation.version) == (before.id, before.version)
