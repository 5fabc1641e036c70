"""Accepting what the playbook proposed, also when the world has moved on since."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from connectors.base import Change, ChangeKind, Page, RefusalReason, Refused
from inbox import suggestions
from inbox.db import reading, writing
from inbox.errors import Refusal
from inbox.models import Event, Message, OutboxItem, Suggestion
from inbox.variables import reply_variables
from tests.inbox.postbox import Office
from tests.inbox.shop import client_of, token_for

CONTENT = "Bitte schreiben Sie uns hier."


def proposed(office: Office, text: str = "Alles kaputt!") -> Suggestion:
    office.arrive(office.comment(text), stream="comments")
    (one,) = office.suggestions
    return one


def accept(office: Office, suggestion_id: int, text: str | None = None, note: str | None = None) -> list[OutboxItem]:
    with writing(office.runtime.sessions) as session:
        return suggestions.accept(
            session, office.runtime, suggestion_id, text, "anna@shop.example", office.clock(), public_note=note
        )


def close_private_way(office: Office) -> None:
    """A colleague used up the one private reply in the platform's own app."""
    with writing(office.runtime.sessions) as session:
        session.execute(update(Message).values(can_reply_privately=False))


def untouched(office: Office) -> None:
    (one,) = office.suggestions
    assert (one.status, one.decided_by, one.decided_at) == ("open", None, None)
    assert office.conversation.open_suggestions == 1
    assert office.outbox == []
    assert office.told("suggestion_accepted") == []


def test_it_goes_the_proposed_way_and_is_counted_off(office: Office) -> None:
    one = proposed(office)
    (item,) = accept(office, one.id)
    assert (item.way, item.visibility, item.text) == ("private_reply", "private", CONTENT)
    assert office.suggestions[0].status == "accepted"
    assert office.conversation.open_suggestions == 0
    with pytest.raises(Refusal, match="accepted already"):
        accept(office, one.id)
    office.work("dispatch")
    assert [reply.text for reply in office.box.sent] == [CONTENT]


def of_several(office: Office) -> Suggestion:
    """Jana began the thread, Karl complained in it, and Mia wrote last."""
    root = office.comment("Schöne Schuhe!")
    below = {"conversation_id": root.external_id, "parent_id": root.external_id}
    office.arrive(root, stream="comments")
    office.arrive(office.comment("Meine sind kaputt!", "karl", **below), stream="comments")
    office.arrive(office.comment("Ich mag sie.", "mia", **below), stream="comments")
    (one,) = office.suggestions
    return one


def test_in_a_thread_of_many_it_answers_whom_it_was_proposed_for(office: Office) -> None:
    (item,) = accept(office, of_several(office).id)
    office.work("dispatch")
    (said,) = office.box.sent
    assert (said.target_id or "").startswith("c-karl-")
    assert (said.way, said.recipient_id, item.because_of_message_id) == (
        "private_reply", "karl", office.suggestions[0].message_id,
    )  # fmt: skip


def test_it_is_refused_when_the_complaint_was_deleted_whatever_others_wrote_since(office: Office) -> None:
    one = of_several(office)
    (complaint,) = office.rows(Message, id=one.message_id)
    gone = Change(complaint.external_id, ChangeKind.DELETED, office.clock())
    office.box.pages["comments"].append(Page({"at": 2}, changes=(gone,)))
    office.clock.advance(seconds=11)
    office.work("poll", "triage")
    with pytest.raises(Refusal, match="was deleted"):
        accept(office, one.id)


def test_its_words_speak_to_whoever_wrote_the_message(office: Office) -> None:
    one = of_several(office)
    with reading(office.runtime.sessions) as session:
        conversation, complaint = office.conversation, session.get_one(Message, one.message_id)
        said = reply_variables(session, office.runtime, conversation, complaint, "de", office.clock())
        complaint.contact_id = None
        to_nobody = reply_variables(session, office.runtime, conversation, complaint, "de", office.clock())
        session.rollback()
    assert (said["contact_name"], to_nobody["contact_name"]) == ("Karl", "")


def test_a_public_note_goes_out_beside_it_only_where_one_is_given(office: Office) -> None:
    items = accept(office, proposed(office).id, note="Wir haben Ihnen geschrieben.")
    assert [(item.visibility, item.text) for item in items] == [
        ("private", CONTENT),
        ("public", "Wir haben Ihnen geschrieben."),
    ]


def test_a_way_that_closed_is_told_with_what_is_open_instead(office: Office) -> None:
    one = proposed(office)
    close_private_way(office)
    with pytest.raises(Refusal, match="one private reply") as refused:
        accept(office, one.id)
    assert refused.value.status == 409
    ((kind, reason),) = [(each["kind"], each["reason"]) for each in refused.value.alternatives]
    assert (kind, bool(reason)) == ("public_reply", True)
    untouched(office)


def test_a_caller_that_goes_on_after_the_refusal_keeps_nothing_of_the_decision(office: Office) -> None:
    one = proposed(office)
    close_private_way(office)
    with writing(office.runtime.sessions) as session, pytest.raises(Refusal):
        suggestions.accept(session, office.runtime, one.id, None, "anna@shop.example", office.clock())
    untouched(office)


def test_the_api_says_the_same(office: Office) -> None:
    one = proposed(office)
    close_private_way(office)
    with client_of(office.runtime, token_for(office.runtime)) as program:
        answer = program.post(f"/api/v1/suggestions/{one.id}/accept", json={"text": "Bitte hier weiter."})
        assert answer.status_code == 409
        assert answer.headers["content-type"] == "application/problem+json"
        (instead,) = answer.json()["alternatives"]
        assert (instead["kind"], bool(instead["reason"])) == ("public_reply", True)
        assert "private reply" in answer.json()["detail"]
        (still,) = program.get("/api/v1/suggestions?status=open").json()["items"]
        assert still["id"] == one.id
    untouched(office)


def test_a_deleted_comment_leaves_no_way_at_all(office: Office) -> None:
    one = proposed(office)
    with writing(office.runtime.sessions) as session:
        session.execute(update(Message).values(deleted_at=office.clock()))
    with pytest.raises(Refusal, match="deleted") as refused:
        accept(office, one.id)
    assert refused.value.alternatives == []
    untouched(office)


def test_words_meant_for_one_person_are_never_said_to_everybody(office: Office) -> None:
    """A prepared answer in a private thread stays there, however the suggestion's way is spelled."""
    one = proposed(office)
    with writing(office.runtime.sessions) as session:
        session.execute(update(Suggestion).values(kind="reply"))
    with pytest.raises(Refusal, match="everybody would read") as refused:
        accept(office, one.id, "Ihre Adresse ist doch Gasse 1?")
    assert [each["kind"] for each in refused.value.alternatives] == ["private_reply", "public_reply"]
    untouched(office)


def test_words_meant_for_everybody_are_looked_at_again_before_one_person_gets_them(office: Office) -> None:
    one = proposed(office)
    with writing(office.runtime.sessions) as session:
        session.execute(update(Suggestion).values(way="public_reply"))
    with pytest.raises(Refusal, match="changed since it was proposed"):
        accept(office, one.id)
    untouched(office)
    (item,) = accept(office, one.id, "Jetzt nur für Sie.")
    assert (item.visibility, item.text) == ("private", "Jetzt nur für Sie.")


def test_a_text_that_is_too_long_leaves_it_open(office: Office) -> None:
    one = proposed(office)
    with pytest.raises(Refusal, match="too long") as refused:
        accept(office, one.id, "x" * 1001)
    assert refused.value.status == 422
    untouched(office)


def test_a_platform_that_refuses_after_all_closes_that_way(office: Office) -> None:
    one = proposed(office)
    accept(office, one.id)
    office.box.answers.append(Refused("used", reason=RefusalReason.ALREADY_REPLIED_PRIVATELY))
    office.work("dispatch")
    assert office.states == ["failed"]
    assert "one private reply" in office.outbox[0].reason
    assert office.rows(Message)[0].can_reply_privately is False


def test_the_same_step_is_not_proposed_twice_while_it_is_open(office: Office) -> None:
    comment = office.comment("kaputt")
    office.arrive(comment, stream="comments")
    answer = replace(office.comment("immer noch kaputt"), conversation_id=comment.conversation_id)
    office.arrive(answer, stream="comments")
    assert len(office.suggestions) == 1
    assert office.conversation.open_suggestions == 1


def test_a_dismissed_step_is_proposed_again_for_the_next_message(office: Office) -> None:
    comment = office.comment("kaputt")
    office.arrive(comment, stream="comments")
    with writing(office.runtime.sessions) as session:
        suggestions.dismiss(session, office.suggestions[0].id, "anna@shop.example", office.clock())
    assert office.conversation.open_suggestions == 0
    office.arrive(replace(office.comment("kaputt!!"), conversation_id=comment.conversation_id), stream="comments")
    assert [one.status for one in office.suggestions] == ["dismissed", "open"]


def test_a_colleagues_own_answer_overtakes_it(office: Office) -> None:
    comment = office.comment("kaputt")
    office.arrive(comment, stream="comments")
    ours = replace(
        office.comment("Das tut uns leid."), own=True, conversation_id=comment.conversation_id,
        parent_id=comment.external_id, sent_at=office.clock() + timedelta(seconds=1),
    )  # fmt: skip
    office.box.pages["comments"].append(Page({"at": 2}, messages=(ours,)))
    office.clock.advance(seconds=11)
    office.work("poll", "triage")
    assert [one.status for one in office.suggestions] == ["overtaken"]
    assert office.conversation.open_suggestions == 0
    with pytest.raises(Refusal, match="overtaken already"):
        accept(office, office.suggestions[0].id)


def test_why_and_where_it_stands_is_kept_with_it(office: Office) -> None:
    one = proposed(office, "Total kaputt")
    assert one.rule == "complaint"
    assert one.place.startswith("00.yml:")
    assert one.spans == [[6, 12]]
    assert one.why
    assert [event.data["rule"] for event in office.rows(Event, kind="suggested")] == ["complaint"]
