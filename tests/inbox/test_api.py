"""What programs rely on, over real requests."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from inbox import access
from inbox.api.door import SESSION_COOKIE
from inbox.db import reading, writing
from inbox.models import AccountUsage, Contact, Conversation, Event, Message, OutboxItem, Suggestion, Unreadable
from inbox.runtime import Runtime
from inbox.web.desk import COOKIE
from tests.inbox.rows import MOMENT
from tests.inbox.shop import add_comment, client_of, token_for
from tests.stepped_clock import SteppedClock

PROBLEM = "application/problem+json"
READS = [
    "/api/v1/conversations",
    "/api/v1/conversations/1",
    "/api/v1/suggestions",
    "/api/v1/accounts",
    "/api/v1/outbox",
    "/api/v1/crises",
    "/api/v1/reports/response-times",
]
WRITES = [
    *(f"/api/v1/conversations/1/{verb}" for verb in ("replies", "assign", "labels", "notes", "snooze", "resolve")),
    "/api/v1/conversations/1/reopen",
    "/api/v1/suggestions/1/accept",
    "/api/v1/suggestions/1/dismiss",
    "/api/v1/crises",
    "/api/v1/crises/1/raise",
    "/api/v1/crises/1/stand-down",
]


def assert_problem(answer: Any, status: int) -> Any:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == PROBLEM
    body = answer.json()
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert isinstance(body["alternatives"], list)
    return body


# -- the door --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", READS)
def test_reading_needs_a_token_or_a_sign_in(runtime: Runtime, stranger: TestClient, path: str) -> None:
    refused = stranger.get(path)
    assert_problem(refused, 401)
    assert refused.headers["www-authenticate"].startswith("Bearer")
    wrong = stranger.get(path, headers={"Authorization": "Bearer zrf_obviously-wrong"})
    assert_problem(wrong, 401)
    assert "invalid_token" in wrong.headers["www-authenticate"]


@pytest.mark.parametrize("path", WRITES)
def test_a_session_cookie_alone_cannot_write(runtime: Runtime, stranger: TestClient, path: str) -> None:
    assert_problem(stranger.post(path, json=BODIES.get(path.rsplit("/", 1)[1], {})), 401)
    with writing(runtime.sessions) as session:
        person = access.add_user(session, "anna@shop.example", "obviously-not-secret", "admin", runtime.clock())
        stranger.cookies.set(SESSION_COOKIE, access.start_sign_in(session, person.id, runtime.clock()))
    assert stranger.get("/api/v1/conversations").status_code == 200
    assert_problem(stranger.post(path, json=BODIES.get(path.rsplit("/", 1)[1], {})), 401)


BODIES: dict[str, Any] = {
    "replies": {"text": "Hallo", "visibility": "public", "client_key": "k"},
    "assign": {"assignee": None},
    "labels": {"add": ["a"]},
    "notes": {"text": "Hm"},
    "snooze": {"until": "2026-11-11T09:00:00Z"},
    "crises": {"level": 2, "title": "Sturm"},
    "raise": {"level": 3},
}


def test_pages_and_api_mean_the_same_cookie() -> None:
    assert COOKIE == SESSION_COOKIE


def test_a_revoked_token_is_refused_at_once(runtime: Runtime, program: TestClient) -> None:
    assert program.get("/api/v1/accounts").status_code == 200
    with writing(runtime.sessions) as session:
        access.revoke_token(session, "script of a manager", runtime.clock())
    assert_problem(program.get("/api/v1/accounts"), 401)


def test_agents_may_not_do_what_concerns_everybody(runtime: Runtime) -> None:
    with client_of(runtime, token_for(runtime, "agent")) as agent:
        assert_problem(agent.post("/api/v1/crises", json={"level": 2, "title": "Sturm"}), 403)
        assert agent.get("/api/v1/crises").json() == {"items": [], "next_cursor": None}


def test_every_error_is_a_problem(program: TestClient) -> None:
    assert_problem(program.get("/api/v1/nothing"), 404)
    assert_problem(program.get("/api/v1/conversations/99"), 404)
    assert_problem(program.post("/api/v1/conversations/99/resolve"), 404)
    assert_problem(program.delete("/api/v1/conversations"), 405)
    assert_problem(program.get("/api/v1/conversations?limit=201"), 422)
    assert_problem(program.get("/api/v1/conversations?limit=no"), 422)
    assert_problem(program.get("/api/v1/conversations?status=closed"), 422)
    assert_problem(program.get("/api/v1/conversations?cursor=nonsense"), 422)
    assert_problem(program.get("/api/v1/conversations/99999999999999999999999"), 422)
    assert_problem(program.post("/api/v1/conversations/1/notes", content=b"{"), 422)
    assert_problem(program.post("/api/v1/conversations/1/notes", json={}), 422)
    assert_problem(program.get("/api/v1/reports/response-times?since=2026-11-10T09:00:00"), 422)
    assert_problem(program.get("/api/v1/reports/response-times?since=2026-11-11T09:00Z&until=2026-11-10T09:00Z"), 422)
    assert_problem(program.post("/api/v1/conversations/1/notes", content=b" " * (1024 * 1024 + 1)), 413)


# -- conversations ---------------------------------------------------------------------------------------------------

ROW = {
    "id", "account", "channel", "kind", "visibility", "status", "severity", "contact", "subject", "preview", "labels",
    "assignee", "waiting_since", "due_at", "clock", "reply_window_ends_at", "unread", "external_id", "permalink",
    "last_message_at",
}  # fmt: skip
MESSAGE = {
    "id", "external_id", "direction", "origin", "visibility", "text", "sent_at", "edited_at", "deleted_at", "hidden",
    "attachments", "author", "delivery",
}  # fmt: skip
ITEM = {
    "id", "conversation_id", "client_key", "text", "state", "reason", "attempts", "not_before", "external_id",
}  # fmt: skip


def test_a_list_holds_what_the_contract_names(runtime: Runtime, program: TestClient) -> None:
    conversation_id = add_comment(runtime)
    page = program.get("/api/v1/conversations").json()
    assert page["next_cursor"] is None
    (row,) = page["items"]
    assert set(row) >= ROW
    assert row["id"] == conversation_id
    assert row["contact"] == {"id": 1, "name": "Jana Müller", "handle": None}
    assert row["clock"] == {"kind": "first_response", "state": "running"}
    assert row["last_message_at"] == "2026-11-10T09:00:00Z"
    assert row["due_at"] == "2026-11-10T10:00:00Z"


def test_lists_go_on_with_their_cursor(runtime: Runtime, program: TestClient) -> None:
    ids = [add_comment(runtime, number=number, queue_position=number % 3) for number in range(7)]
    found: list[int] = []
    address = "/api/v1/conversations?limit=3"
    cursor = ""
    while True:
        page = program.get(address + cursor).json()
        found += [row["id"] for row in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert sorted(found) == ids
    assert len(set(found)) == 7


def test_filters(runtime: Runtime, program: TestClient, clock: SteppedClock) -> None:
    first = add_comment(runtime, "Die Lieferung fehlt", 1)
    second = add_comment(runtime, "Danke!", 2, severity="urgent")
    clock.advance(hours=2)

    def ids(query: str) -> list[int]:
        answer = program.get(f"/api/v1/conversations?{query}")
        assert answer.status_code == 200, answer.text
        return sorted(row["id"] for row in answer.json()["items"])

    both = [first, second]
    assert ids("status=&channel=&account=&kind=&visibility=&assignee=&label=&severity=&due=&q=&sort=due") == both
    assert ids("status=open&channel=facebook&kind=comment&visibility=public&account=shop-facebook") == both
    assert ids("severity=urgent") == [second]
    assert ids("severity=urgent,none") == both
    assert ids("channel=twitter") == []
    assert ids("due=overdue") == both
    assert ids("due=soon") == []
    assert ids("q=lieferung") == [first]
    assert ids("assignee=none&sort=newest") == both
    assert ids("assignee=me") == []


def test_one_conversation(runtime: Runtime, program: TestClient) -> None:
    conversation_id = add_comment(runtime)
    found = program.get(f"/api/v1/conversations/{conversation_id}").json()
    assert set(found) >= ROW | {"messages", "suggestions", "events", "linked"}
    (message,) = found["messages"]
    assert set(message) >= MESSAGE
    assert message["text"] == "Wo ist mein Paket?"
    assert message["direction"] == "inbound"
    assert message["hidden"] is False
    assert message["delivery"] is None


def test_what_people_do_to_a_conversation(runtime: Runtime, program: TestClient) -> None:
    with writing(runtime.sessions) as session:
        access.add_user(session, "ben@shop.example", "obviously-not-secret", "agent", runtime.clock())
    here = f"/api/v1/conversations/{add_comment(runtime)}"
    assert program.post(f"{here}/assign", json={"assignee": "ben@shop.example"}).json()["assignee"] == (
        "ben@shop.example"
    )
    assert program.post(f"{here}/assign", json={"assignee": "social"}).json()["assignee"] == "social"
    assert program.post(f"{here}/assign", json={"assignee": None}).json()["assignee"] is None
    assert_problem(program.post(f"{here}/assign", json={"assignee": "nobody@shop.example"}), 422)
    assert program.post(f"{here}/labels", json={"add": ["b", "a"]}).json()["labels"] == ["a", "b"]
    assert program.post(f"{here}/labels", json={"remove": ["b"], "labels": ["c"]}).json()["labels"] == ["a", "c"]
    note = program.post(f"{here}/notes", json={"text": "Ruft morgen an 🙂"})
    assert note.status_code == 201
    snoozed = program.post(f"{here}/snooze", json={"until": "2026-11-11T09:00:00+01:00"}).json()
    assert (snoozed["status"], snoozed["snoozed_until"]) == ("snoozed", "2026-11-11T08:00:00Z")
    assert_problem(program.post(f"{here}/snooze", json={"until": "2026-11-01T09:00:00Z"}), 422)
    assert_problem(program.post(f"{here}/snooze", json={"until": "2126-11-01T09:00:00Z"}), 422)
    assert program.post(f"{here}/resolve").json()["status"] == "resolved"
    assert program.post(f"{here}/reopen", json={}).json()["status"] == "open"
    found = program.get(here).json()
    assert [entry["text"] for entry in found["notes"]] == ["Ruft morgen an 🙂"]
    kinds = [entry["kind"] for entry in found["events"]]
    assert kinds == [
        "assigned",
        "assigned",
        "assigned",
        "labelled",
        "labelled",
        "noted",
        "snoozed",
        "resolved",
        "reopened",
    ]
    assert {entry["actor"] for entry in found["events"]} == {"script of a manager"}


def test_half_a_surrogate_or_a_nul_harms_nobody(runtime: Runtime, program: TestClient) -> None:
    here = f"/api/v1/conversations/{add_comment(runtime)}"
    assert_problem(program.post(f"{here}/notes", content=b'{"text": "a\\ud800b"}'), 422)
    assert program.post(f"{here}/notes", content=b'{"text": "a\\u0000b"}').json()["text"] == "ab"
    assert program.get(f"{here}?before=7").status_code == 404
    assert program.get("/api/v1/conversations?q=%00%ff&label=%ed%a0%80").status_code == 200


# -- replies ---------------------------------------------------------------------------------------------------------


def test_a_reply_is_queued_once(runtime: Runtime, program: TestClient) -> None:
    here = f"/api/v1/conversations/{add_comment(runtime)}"
    body = {"text": "Wir schauen gleich nach!", "visibility": "public", "client_key": "k-1"}
    first, second = (program.post(f"{here}/replies", json=body) for _ in range(2))
    assert first.status_code == second.status_code == 202
    assert first.json() == second.json()
    assert set(first.json()) >= ITEM
    assert first.json()["state"] == "queued"
    assert_problem(program.post(f"{here}/replies", json={**body, "text": "etwas anderes"}), 409)
    listed = program.get("/api/v1/outbox?state=queued").json()
    assert [item["client_key"] for item in listed["items"]] == ["k-1"]
    assert program.get("/api/v1/outbox?state=failed").json()["items"] == []
    assert [item["text"] for item in program.get(here).json()["outbox"]] == ["Wir schauen gleich nach!"]


def test_the_same_key_at_the_same_moment_is_one_reply(runtime: Runtime) -> None:
    path = f"/api/v1/conversations/{add_comment(runtime)}/replies"
    token = token_for(runtime)
    answers: list[Any] = []
    start = threading.Barrier(6)

    def ask() -> None:
        with client_of(runtime, token) as client:
            start.wait()
            answers.append(client.post(path, json={"text": "Hallo", "visibility": "public", "client_key": "k"}))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [202] * 6
    assert len({answer.json()["id"] for answer in answers}) == 1
    with reading(runtime.sessions) as session:
        assert session.scalar(select(func.count()).select_from(OutboxItem)) == 1


def test_what_the_platform_would_refuse_is_refused_with_a_way_on(runtime: Runtime, program: TestClient) -> None:
    here = f"/api/v1/conversations/{add_comment(runtime)}/replies"
    too_long = program.post(here, json={"text": "x" * 20_000, "visibility": "public", "client_key": "k"})
    assert_problem(too_long, 422)
    runtime_moves_on(runtime, timedelta(days=8))
    refused = program.post(here, json={"text": "Hallo", "visibility": "private", "client_key": "k"})
    body = assert_problem(refused, 409)
    assert body["alternatives"]
    assert set(body["alternatives"][0]) == {"kind", "reason"}
    with reading(runtime.sessions) as session:
        assert session.scalar(select(func.count()).select_from(OutboxItem)) == 0


def runtime_moves_on(runtime: Runtime, much: timedelta) -> None:
    clock = runtime.clock
    assert isinstance(clock, SteppedClock)
    clock.set(clock() + much)


def test_a_reply_to_a_thread_that_moved_on_is_refused(runtime: Runtime, program: TestClient) -> None:
    here = f"/api/v1/conversations/{add_comment(runtime)}"
    version = program.get(here).json()["version"]
    body = {"text": "Hallo", "visibility": "public", "client_key": "k", "seen_version": version - 1}
    assert_problem(program.post(f"{here}/replies", json=body), 409)
    assert program.post(f"{here}/replies", json={**body, "seen_version": version}).status_code == 202


def test_an_outbox_item_can_be_cancelled(runtime: Runtime, program: TestClient) -> None:
    here = f"/api/v1/conversations/{add_comment(runtime)}/replies"
    item = program.post(here, json={"text": "Hallo", "visibility": "public", "client_key": "k"}).json()
    cancelled = program.post(f"/api/v1/outbox/{item['id']}/cancel")
    assert cancelled.json()["state"] == "cancelled"
    assert program.get(f"/api/v1/outbox/{item['id']}").json()["state"] == "cancelled"
    assert_problem(program.get("/api/v1/outbox/77"), 404)
    assert_problem(program.post("/api/v1/outbox/77/retry"), 404)


# -- suggestions, accounts, crises -----------------------------------------------------------------------------------


def add_suggestion(runtime: Runtime, conversation_id: int) -> int:
    with writing(runtime.sessions) as session:
        row = session.get_one(Conversation, conversation_id)
        message_id = session.scalar(select(Message.id).where(Message.conversation_id == conversation_id))
        row.open_suggestions = 1
        found = Suggestion(
            conversation_id=conversation_id, message_id=message_id, kind="move_to_private", template="order-status",
            rule="order-status", place="30_orders.yml:4", playbook="abc", way="private_reply",
            text="Schreiben Sie uns bitte die Bestellnummer.", why=["rule order-status applied"], created_at=MOMENT,
        )  # fmt: skip
        session.add(found)
        session.flush()
        return found.id


def test_a_suggestion_is_accepted_with_an_edited_text(runtime: Runtime, program: TestClient) -> None:
    suggestion_id = add_suggestion(runtime, add_comment(runtime))
    (listed,) = program.get("/api/v1/suggestions?status=open").json()["items"]
    assert listed["message_text"] == "Wo ist mein Paket?"
    accepted = program.post(f"/api/v1/suggestions/{suggestion_id}/accept", json={"text": "Ihre Nummer, bitte?"})
    assert accepted.status_code == 202, accepted.text
    assert [item["text"] for item in accepted.json()["items"]] == ["Ihre Nummer, bitte?"]
    assert accepted.json()["suggestion"]["status"] == "accepted"
    assert program.get("/api/v1/suggestions").json()["items"] == []
    assert_problem(program.post("/api/v1/suggestions/99/accept"), 404)


def test_a_suggestion_is_accepted_as_it_is_without_a_body(runtime: Runtime, program: TestClient) -> None:
    suggestion_id = add_suggestion(runtime, add_comment(runtime))
    accepted = program.post(f"/api/v1/suggestions/{suggestion_id}/accept")
    assert accepted.status_code == 202, accepted.text
    assert [item["text"] for item in accepted.json()["items"]] == ["Schreiben Sie uns bitte die Bestellnummer."]


def test_a_suggestion_is_dismissed(runtime: Runtime, program: TestClient) -> None:
    suggestion_id = add_suggestion(runtime, add_comment(runtime))
    dismissed = program.post(f"/api/v1/suggestions/{suggestion_id}/dismiss")
    assert dismissed.json()["status"] == "dismissed"
    assert dismissed.json()["decided_by"] == "script of a manager"
    (listed,) = program.get("/api/v1/suggestions?status=dismissed").json()["items"]
    assert listed["id"] == suggestion_id


def test_accounts_say_how_they_fare(runtime: Runtime, program: TestClient) -> None:
    add_comment(runtime)
    with writing(runtime.sessions) as session:
        session.add_all(
            AccountUsage(account_id=1, day=day, resource="post", count=1, cost=cost)
            for day, cost in (("2026-10-31", 99.0), ("2026-11-01", 2.0), ("2026-11-10", 1.0))
        )
    (account,) = program.get("/api/v1/accounts").json()["items"]
    assert (account["name"], account["health"], account["channel_title"]) == ("shop-facebook", "ok", "Facebook")
    assert account["cost_this_month"]["amount"] == 3.0
    assert account["cost_this_month"]["forecast"] == pytest.approx(3 / 9.375 * 30, abs=0.001)
    assert set(account) >= {"health_detail", "last_success_at", "lag_seconds", "incomplete_since", "quota"}


def test_what_could_not_be_read_is_shown_until_somebody_looked(runtime: Runtime, program: TestClient) -> None:
    add_comment(runtime)
    with writing(runtime.sessions) as session:
        session.add_all(
            Unreadable(
                account_id=1, stream="posts", reason="message: not text", raw='{"id": "1"}', digest=digest,
                first_seen_at=MOMENT, last_seen_at=MOMENT, settled_at=settled_at,
            )
            for digest, settled_at in (("a", None), ("b", MOMENT))
        )  # fmt: skip
    (item,) = program.get("/api/v1/accounts/shop-facebook/unreadable").json()["items"]
    assert (item["reason"], item["times"]) == ("message: not text", 1)
    assert program.get("/api/v1/accounts").json()["items"][0]["unreadable"] == 1
    assert_problem(program.get("/api/v1/accounts/nothing/unreadable"), 404)


def test_a_crisis_from_beginning_to_end(runtime: Runtime, program: TestClient) -> None:
    declared = program.post("/api/v1/crises", json={"level": 2, "title": "Wasserkocher", "owner": "anna@shop.example"})
    assert declared.status_code == 201, declared.text
    here = f"/api/v1/crises/{declared.json()['id']}"
    assert program.post(f"{here}/raise", json={"level": 4}).json()["level"] == 4
    assert_problem(program.post(f"{here}/raise", json={"level": 7}), 422)
    assert program.post(f"{here}/stand-down").json()["stood_down_by"] == "script of a manager"
    assert_problem(program.post("/api/v1/crises/99/stand-down"), 404)
    (listed,) = program.get("/api/v1/crises").json()["items"]
    assert listed["stood_down_at"] is not None


def test_times_are_in_utc_with_a_z(runtime: Runtime, program: TestClient) -> None:
    add_comment(runtime)

    def times(value: Any) -> list[str]:
        if isinstance(value, dict):
            return [
                time for key, each in value.items() for time in (times(each) if not key.endswith("_at") else [each])
            ]
        if isinstance(value, list):
            return [time for each in value for time in times(each)]
        return []

    found = [time for time in times(program.get("/api/v1/conversations/1").json()) if time]
    assert found
    for time in found:
        assert time.endswith("Z")
        assert datetime.fromisoformat(time).tzinfo is not None


def test_reading_a_list_writes_nothing(runtime: Runtime, program: TestClient) -> None:
    add_comment(runtime)
    program.get("/api/v1/conversations")
    with reading(runtime.sessions) as session:
        before = [session.scalar(select(func.count()).select_from(table)) for table in (Event, Contact, Message)]
        unread = session.scalar(select(Conversation.unread))
    program.get("/api/v1/conversations/1")
    with reading(runtime.sessions) as session:
        after = [session.scalar(select(func.count()).select_from(table)) for table in (Event, Contact, Message)]
        assert session.scalar(select(Conversation.unread)) == unread
    assert before == after
