"""How messages are judged: by the batch, with as many statements for many people as for a few."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import event

from connectors.base import Page
from inbox.models import Event, Message, Suggestion
from tests.inbox.postbox import Office


def statements_for(office: Office, people: int, named: str) -> int:
    """How many statements judging a letter and a complaint of each of so many people takes, in one batch."""
    letters = [office.letter("Guten Tag", f"{named} {number}") for number in range(people)]
    complaints = [office.comment("kaputt", f"angry {named} {number}") for number in range(people)]
    office.box.pages["messages"].append(Page({"at": 1}, messages=(*letters, *complaints)))
    office.clock.advance(seconds=11)
    office.work("poll")
    heard: list[str] = []

    def hear(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        heard.append(statement)

    event.listen(office.runtime.engine, "before_cursor_execute", hear)
    office.work("triage")
    event.remove(office.runtime.engine, "before_cursor_execute", hear)
    return len(heard)


def test_many_people_take_no_more_statements_than_a_few(office: Office) -> None:
    few = statements_for(office, 2, "early")
    assert len(office.outbox) == len(office.rows(Suggestion)) == 2
    many = statements_for(office, 20, "late")
    assert len(office.outbox) == len(office.rows(Suggestion)) == 22
    assert many <= few + 2


def test_the_timeline_tells_in_order_what_was_done(office: Office) -> None:
    office.arrive(office.letter())
    (item,) = office.outbox
    told = [row for row in office.rows(Event) if row.conversation_id == item.conversation_id]
    assert [row.kind for row in told] == ["message_received", "judged", "reply_queued"]
    assert told[-1].data == {"outbox_id": item.id}
    assert told[-1].actor == item.author == "playbook"


@pytest.mark.parametrize("moment", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
def test_a_message_of_a_time_nobody_can_reckon_with_holds_up_no_other(office: Office, moment: datetime) -> None:
    """Some programs write the year 1 where they know no time, or the year 9999."""
    office.arrive(office.letter("gestern?", "karl", sent_at=moment), office.letter("Guten Tag", "jana"))
    assert all(message.triaged_at is not None for message in office.rows(Message))
    assert [item.recipient_external_id for item in office.outbox] == ["jana"]


def test_the_language_of_a_conversation_is_known_also_where_no_rule_proposes_anything(office: Office) -> None:
    """Targets, alarms and the browser's spell-check ask for it."""
    first = office.comment("Do you have this lamp in blue as well?")
    office.arrive(first, stream="comments")
    assert not office.suggestions
    assert not office.outbox
    assert office.conversation.language == "en"
    office.arrive(office.comment("👍", conversation_id=first.external_id), stream="comments")
    assert office.conversation.language == "en"
