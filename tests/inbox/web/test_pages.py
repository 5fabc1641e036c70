"""The pages over HTTP: who comes in, what forms need, what they do, and what errors say."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from inbox import canned
from inbox.db import reading, writing
from inbox.models import CannedResponse, Contact, Conversation, Note, OutboxItem, Suggestion
from inbox.runtime import Runtime
from inbox.web import pages
from tests.inbox.rows import add_message
from tests.inbox.shop import add_comment, client_of
from tests.inbox.web.conftest import ANNA, PASSWORD, Visitor
from tests.stepped_clock import SteppedClock

GERMAN = {"Accept-Language": "de"}
TOKEN = re.compile(r'name="csrf" value="([^"]+)"')
PLACES = (
    "/inbox", "/inbox?queue=held", "/inbox?q=paket", "/outbox", "/accounts", "/crisis", "/reports", "/reports?by=hour",
    "/playbook", "/settings", "/settings/people", "/settings/hours", "/settings/texts", "/settings/tokens",
    "/settings/log", "/settings/retention",
)  # fmt: skip


def posting_paths(runtime: Runtime) -> list[str]:
    """Every address of ours that takes a form, with numbers and names filled in."""
    filled = []
    for family in pages.FAMILIES:
        for route in family.router.routes:
            if "POST" in getattr(route, "methods", ()):
                path = re.sub(r"\{\w*(?:id|number|index)\}", "1", route.path)
                filled.append(path.replace("{act}", "cancel").replace("{name}", "shop"))
    return filled


# -- coming in -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/inbox", "/conversations/1", "/settings", "/live"])
def test_strangers_are_sent_to_the_sign_in(stranger: TestClient, path: str) -> None:
    answer = stranger.get(path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in")


def test_a_swap_of_a_signed_out_page_goes_to_the_sign_in(stranger: TestClient) -> None:
    answer = stranger.get("/conversations/1", headers={"HX-Request": "true"})
    assert answer.headers["hx-redirect"] == "/sign-in"


def test_a_form_that_came_too_late_leads_back_after_the_sign_in(stranger: TestClient) -> None:
    """From the page it was sent from, and from none of somebody else's."""
    stranger.cookies.set("zuruf_session", "ended")
    page = "http://127.0.0.1:8080/conversations/1?queue=mine"
    to_sign_in = stranger.post("/conversations/1/replies", headers={"HX-Request": "true", "HX-Current-URL": page})
    assert to_sign_in.headers["hx-redirect"] == "/sign-in?next=/conversations/1%3Fqueue%3Dmine"
    assert "Ihre Anmeldung ist abgelaufen" in stranger.get(to_sign_in.headers["hx-redirect"], headers=GERMAN).text
    elsewhere = stranger.post("/outbox/1/retry", headers={"Referer": "http://elsewhere.example/outbox"})
    assert elsewhere.headers["location"] == "/sign-in"


def test_who_was_never_signed_in_is_not_told_of_an_end(stranger: TestClient) -> None:
    assert "abgelaufen" not in stranger.get("/sign-in", headers=GERMAN).text


def test_signing_in_leads_where_one_wanted(runtime: Runtime, people: None) -> None:
    add_comment(runtime)
    with client_of(runtime) as client:
        form = client.get("/sign-in?next=/conversations/1")
        token = TOKEN.search(form.text)
        assert token is not None
        fields = {"csrf": token[1], "email": ANNA, "password": PASSWORD, "next": "/conversations/1"}
        answer = client.post("/sign-in", data=fields)
        assert (answer.status_code, answer.headers["location"]) == (303, "/conversations/1")
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert client.get("/conversations/1").status_code == 200


def test_a_sign_in_form_from_elsewhere_is_refused(runtime: Runtime, people: None, stranger: TestClient) -> None:
    assert stranger.post("/sign-in", data={"email": ANNA, "password": PASSWORD}).status_code == 403


@pytest.mark.parametrize("next", ["//evil.example", "https://evil.example", "/\\evil.example", "/sign-out"])
def test_nobody_is_led_astray(runtime: Runtime, people: None, next: str) -> None:
    with client_of(runtime) as client:
        token = TOKEN.search(client.get("/sign-in").text)
        assert token is not None
        fields = {"csrf": token[1], "email": ANNA, "password": PASSWORD, "next": next}
        assert client.post("/sign-in", data=fields).headers["location"] == "/inbox"


def test_guessing_is_slowed_down(runtime: Runtime, people: None) -> None:
    with client_of(runtime) as client:
        token = TOKEN.search(client.get("/sign-in").text)
        assert token is not None
        fields = {"csrf": token[1], "email": ANNA, "password": "wrong"}
        statuses = [client.post("/sign-in", data=fields).status_code for _ in range(20)]
        assert statuses[0] == 401
        assert statuses[-1] == 429


def test_signing_out_ends_the_sign_in_on_the_server(anna: Visitor) -> None:
    anna.post("/sign-out")
    anna.client.cookies.set("zuruf_session", anna.secret)
    assert anna.get("/inbox").status_code == 303


# -- forms -----------------------------------------------------------------------------------------------------------


def test_every_form_needs_its_token(anna: Visitor) -> None:
    paths = [path for path in posting_paths(anna.runtime) if path != "/sign-in"]
    assert len(paths) > 30
    for path in paths:
        assert anna.client.post(path, data={}).status_code == 403, path
        assert anna.client.post(path, data={"csrf": "x" * 43}).status_code == 403, path


@pytest.mark.parametrize("path", PLACES)
def test_every_place_opens(anna: Visitor, path: str) -> None:
    answer = anna.get(path)
    assert answer.status_code == 200
    assert '<html lang="de">' in answer.text


@pytest.mark.parametrize("path", ["/conversations/99", "/contacts/99", "/conversations/nonsense"])
def test_what_is_not_there_says_so_on_a_page(anna: Visitor, path: str) -> None:
    answer = anna.get(path)
    assert answer.status_code == 404
    assert "Nicht gefunden" in answer.text


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/settings/people", {"email": "x@shop.example", "password": "obviously-not-secret", "role": "admin"}),
        ("/settings/tokens", {"name": "t", "role": "admin"}),
        ("/crisis", {"level": "4", "title": "x"}),
        ("/playbook/versions/1/roll-back", {}),
        ("/accounts/shop-facebook/pause", {}),
        ("/contacts/1/erase", {"sure": "löschen"}),
    ],
)
def test_agents_may_not_do_everything(ben: Visitor, path: str, fields: dict[str, str]) -> None:
    add_comment(ben.runtime)
    answer = ben.post(path, **fields)
    assert answer.status_code == 403
    assert "Ihre Rolle erlaubt das nicht" in answer.text


# -- conversations ---------------------------------------------------------------------------------------------------


def test_strangers_words_are_escaped(anna: Visitor) -> None:
    number = add_comment(anna.runtime, "<script>alert('Paket')</script>")
    for path in ("/inbox", f"/conversations/{number}"):
        text = anna.get(path).text
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert" in text


def test_reading_marks_as_read(anna: Visitor) -> None:
    number = add_comment(anna.runtime)
    anna.get(f"/conversations/{number}")
    with reading(anna.runtime.sessions) as session:
        assert session.scalar(select(Conversation.unread).where(Conversation.id == number)) == 0


def test_a_swap_holds_no_frame(anna: Visitor) -> None:
    number = add_comment(anna.runtime)
    part = anna.get(f"/conversations/{number}", **{"HX-Request": "true"}).text
    assert "<html" not in part
    assert 'id="conversation-pane"' in part


def test_an_answer_goes_into_the_outbox_once(anna: Visitor) -> None:
    number = add_comment(anna.runtime)
    fields = {"text": "Unterwegs!", "way": "public_reply", "client_key": "once"}
    for _ in range(2):
        assert anna.post(f"/conversations/{number}/replies", **fields).status_code == 303
    with reading(anna.runtime.sessions) as session:
        found = session.scalars(select(OutboxItem)).all()
        assert [(item.text, item.visibility, item.author) for item in found] == [("Unterwegs!", "public", ANNA)]
    assert "Unterwegs!" in anna.get(f"/conversations/{number}").text


def test_replies_that_did_not_arrive_are_counted_on_every_page_for_a_day(anna: Visitor, clock: SteppedClock) -> None:
    add_comment(anna.runtime)
    anna.post("/conversations/1/replies", text="Gern!", way="public_reply", client_key="k", seen_version="")
    for state, counted in (("queued", False), ("unknown", True), ("failed", True), ("sent", False)):
        with writing(anna.runtime.sessions) as session:
            session.scalars(select(OutboxItem)).one().state = state
        assert ("in den letzten 24 Stunden" in anna.get("/accounts").text) is counted, state
    with writing(anna.runtime.sessions) as session:
        session.scalars(select(OutboxItem)).one().state = "failed"
    clock.advance(hours=7)
    assert "in den letzten 24 Stunden" in anna.get("/accounts").text
    with writing(anna.runtime.sessions) as session:
        session.scalars(select(OutboxItem)).one().created_at -= timedelta(hours=18)
    assert "in den letzten 24 Stunden" not in anna.get("/accounts").text


def test_a_refused_answer_keeps_its_words(anna: Visitor) -> None:
    number = add_comment(anna.runtime)
    fields = {"text": "x" * 9000, "way": "public_reply", "client_key": "long"}
    answer = anna.post(f"/conversations/{number}/replies", **fields)
    assert answer.status_code == 422
    assert "Der Text ist zu lang: 9000 von 8000" in answer.text
    assert "x" * 9000 in answer.text


def test_the_answer_is_measured_as_the_platform_counts(anna: Visitor) -> None:
    number = add_comment(anna.runtime)
    answer = anna.post(f"/conversations/{number}/measure", text="äöü", way="public_reply").json()
    assert (answer["length"], answer["limit"], answer["left"]) == (3, 8000, 7997)
    cold = anna.post(f"/conversations/{number}/measure", text="Keine Ahnung.", way="note", language="de").json()
    assert cold == {"hints": [{"cold": "Keine Ahnung", "warm": "Ich frage für Sie nach und melde mich."}]}


def test_what_people_do_to_a_conversation(anna: Visitor, clock: SteppedClock) -> None:
    number = add_comment(anna.runtime)
    for verb, fields in (
        ("assign", {"assignee": ANNA}),
        ("labels", {"add": "garantie, versand"}),
        ("labels", {"remove": "versand"}),
        ("notes", {"text": "Rückruf um 14 Uhr"}),
        ("snooze", {"until": "2026-11-11T08:30"}),
        ("reopen", {}),
        ("resolve", {}),
    ):
        assert anna.post(f"/conversations/{number}/{verb}", **fields).status_code == 303, verb
    page = anna.get(f"/conversations/{number}").text
    for words in ("garantie", "Rückruf um 14 Uhr", "Erledigt", ANNA):
        assert words in page
    with reading(anna.runtime.sessions) as session:
        assert session.scalar(select(Note.text)) == "Rückruf um 14 Uhr"
        assert session.scalar(select(Conversation.status)) == "resolved"


def test_snoozing_needs_a_time(anna: Visitor) -> None:
    number = add_comment(anna.runtime)
    answer = anna.post(f"/conversations/{number}/snooze", until="soon")
    assert answer.status_code == 422
    assert "braucht es eine Zeit in der Zukunft" in answer.text


def test_lines_come_up_to_date_in_place(anna: Visitor) -> None:
    number = add_comment(anna.runtime)
    text = anna.get(f"/inbox/rows?ids={number},77,nonsense").text
    assert re.findall(r'id="row-(\d+)"', text) == [str(number)]
    assert anna.get("/inbox/new?queue=all&known=").text == "1"
    assert anna.get(f"/inbox/new?queue=all&known={number}").text == "0"


def test_filters_travel_in_every_address(anna: Visitor) -> None:
    number = add_comment(anna.runtime)
    text = anna.get("/inbox?queue=unassigned&channel=facebook&sort=newest").text
    assert f'/conversations/{number}?queue=unassigned&amp;channel=facebook&amp;sort=newest"' in text
    assert f"/conversations/{number}" not in anna.get("/inbox?channel=twitter").text


# -- prepared texts --------------------------------------------------------------------------------------------------


def test_prepared_texts_are_filled_in(anna: Visitor) -> None:
    number = add_comment(anna.runtime)
    saved = anna.post("/settings/texts", name="/Versand", language="de", text="Hallo {{ first_name }}! {{agent}}")
    assert saved.status_code == 303
    offered = anna.get(f"/conversations/{number}/canned").json()
    assert [(one["name"], one["text"]) for one in offered] == [("versand", "Hallo Jana! Anna Huber")]
    anna.post(f"/canned/{offered[0]['id']}/used")
    with reading(anna.runtime.sessions) as session:
        assert session.scalar(select(CannedResponse.uses)) == 1


@pytest.mark.parametrize(("name", "text"), [("zwei wörter", "x"), ("gut", ""), ("gut", "{{ passwort }}")])
def test_odd_prepared_texts_are_refused(anna: Visitor, name: str, text: str) -> None:
    assert anna.post("/settings/texts", name=name, language="de", text=text).status_code == 422


def test_an_unknown_variable_stays_visible() -> None:
    assert canned.fill("{{ first_name }} {{ agent }}", {"first_name": "", "agent": "Anna"}) == "{{ first_name }} Anna"


# -- the rest --------------------------------------------------------------------------------------------------------


def test_a_token_is_shown_once(anna: Visitor) -> None:
    page = anna.post("/settings/tokens", name="bericht", role="agent").text
    assert re.search(r"zrf_[\w-]{20,}", page)
    assert "zrf_" not in anna.get("/settings/tokens").text


def test_a_crisis_is_declared_and_stood_down(anna: Visitor) -> None:
    anna.post("/crisis", level="3", title="Rückruf", cause="Charge 2411")
    assert "crisis-band" in anna.get("/inbox").text
    anna.post("/crisis/1/level", level="4")
    assert "Stufe 4 · Rückruf" in anna.get("/inbox").text
    assert anna.get("/crisis/1/export").json()["level"] == 4
    anna.post("/crisis/1/stand-down")
    assert "crisis-band" not in anna.get("/inbox").text


def test_a_crisis_that_is_over_says_how_long_it_lasted_and_no_longer_what_is_frozen(
    anna: Visitor, clock: SteppedClock
) -> None:
    anna.post("/crisis", level="4", title="Akku raucht", cause="")
    assert "<dt>Unsere Antworten</dt>" in anna.get("/crisis").text
    clock.advance(hours=3)
    anna.post("/crisis/1/stand-down")
    page = anna.get("/crisis?id=1").text
    assert "<dt>Dauer</dt><dd>3 h</dd>" in page
    assert "<dt>Unsere Antworten</dt>" not in page


def test_erasing_needs_the_word(anna: Visitor) -> None:
    add_comment(anna.runtime)
    anna.post("/contacts/1/erase", sure="ja")
    assert "Jana Müller" in anna.get("/contacts/1").text
    anna.post("/contacts/1/erase", sure="löschen")
    assert "Jana Müller" not in anna.get("/contacts/1").text


def test_a_message_is_tried_on_the_playbook(anna: Visitor) -> None:
    page = anna.post("/playbook/try", text="Ist <b>das</b> kaputt?", kind="comment").text
    assert "Was das Playbook sagt" in page
    assert "&lt;b&gt;das&lt;/b&gt;" in page


def test_the_language_is_ones_own(anna: Visitor) -> None:
    anna.post("/settings", name="Anna", language="en", signature="^Anna")
    assert '<html lang="en">' in anna.get("/inbox").text


def test_static_files_are_kept_for_ever_and_only_ours(stranger: TestClient) -> None:
    page = stranger.get("/sign-in").text
    address = re.search(r"/static/style\.css\?v=\w+", page)
    assert address is not None
    answer = stranger.get(address[0])
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-type"].startswith("text/css")
    assert stranger.get("/static/style.css?v=old").headers["cache-control"] == "no-cache"
    assert stranger.get("/static/../desk.py").status_code == 404


def test_a_changed_conversation_is_looked_at_again(anna: Visitor) -> None:
    number = add_comment(anna.runtime)
    with writing(anna.runtime.sessions) as session:
        version = session.scalar(select(Conversation.version)) or 0
    fields = {"text": "Ja", "way": "public_reply", "client_key": "late", "seen_version": str(version - 1)}
    answer = anna.post(f"/conversations/{number}/replies", **fields)
    assert answer.status_code == 409
    assert "hat sich geändert" in answer.text


def test_in_a_thread_of_many_the_page_names_who_would_read_each_private_answer(
    anna: Visitor, runtime: Runtime, clock: SteppedClock
) -> None:
    """The suggestion goes to whoever complained, the composer's answer to whoever wrote last."""
    conversation_id = add_comment(runtime, "Schöne Schuhe!")
    with writing(runtime.sessions) as session:
        account_id = session.get_one(Conversation, conversation_id).account_id
        for minute, (name, text) in enumerate((("Karl Huber", "Meine sind kaputt!"), ("Mia Lang", "Ich mag sie.")), 1):
            person = Contact(account_id=account_id, external_id=name, name=name, created_at=clock())
            session.add(person)
            session.flush()
            sent_at = clock() + timedelta(minutes=minute)
            message = add_message(
                session, text, account_id=account_id, conversation_id=conversation_id, contact_id=person.id,
                author_name=name, sent_at=sent_at, triaged_at=clock(), can_reply_privately=True,
            )  # fmt: skip
            if name == "Karl Huber":
                proposed = Suggestion(
                    conversation_id=conversation_id, message_id=message.id, kind="move_to_private", template="t",
                    why=[], rule="complaint", playbook="abc", way="private_reply", text="Guten Tag", created_at=clock(),
                )  # fmt: skip
                session.add(proposed)
        session.get_one(Conversation, conversation_id).open_suggestions = 1
    page = anna.get(f"/conversations/{conversation_id}").text
    card, composer = page.index("suggestion-text-"), page.index('id="composer"')
    assert "nur Karl sieht das" in page[card:composer]
    assert "nur Mia sieht das" in page[composer:]
    assert "nur Jana sieht das" not in page
