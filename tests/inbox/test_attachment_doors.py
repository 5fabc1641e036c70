"""Uploading over the API and through the composer, and fetching: what goes in, what is refused, who may come."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from inbox.db import reading, writing
from inbox.models import Account, Attachment, Conversation, OutboxItem
from inbox.runtime import Runtime
from inbox.settings import AccountSettings
from inbox.web.armour import MOST_BODY_WITH_FILES
from tests.inbox.pictures import GPS, PDF, jpeg, png
from tests.inbox.shop import add_comment, client_of, token_for
from tests.inbox.web.conftest import Visitor
from tests.inbox.web.conftest import anna as anna
from tests.inbox.web.conftest import people as people

UPLOAD = "/api/v1/attachments"


def rows(runtime: Runtime) -> list[Attachment]:
    with reading(runtime.sessions) as session:
        return list(session.scalars(select(Attachment).order_by(Attachment.id)))


def items(runtime: Runtime) -> list[OutboxItem]:
    with reading(runtime.sessions) as session:
        return list(session.scalars(select(OutboxItem).order_by(OutboxItem.id)))


# -- the API ---------------------------------------------------------------------------------------------------------


def test_a_picture_comes_as_multipart_or_as_it_is(runtime: Runtime, program: TestClient) -> None:
    sent = {"file": ("urlaub.jpg", jpeg(notes=True), "text/html")}
    answer = program.post(UPLOAD, files=sent, data={"alternative_text": "Das Kleid"})
    assert answer.status_code == 201
    first = answer.json()
    assert {key: first[key] for key in ("name", "content_type", "size", "alternative_text", "kept")} == {
        "name": "urlaub.jpg", "content_type": "image/jpeg", "size": len(jpeg()), "alternative_text": "Das Kleid",
        "kept": True,
    }  # fmt: skip
    raw = program.post(f"{UPLOAD}?name=plan.exe", content=PDF, headers={"content-type": "image/png"})
    assert (raw.status_code, raw.json()["name"], raw.json()["content_type"]) == (201, "plan.pdf", "application/pdf")
    assert program.get(f"{UPLOAD}/{first['id']}").json() == first
    assert GPS not in b"".join(str(row.__dict__).encode() for row in rows(runtime))


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"content": b"<html><script>"}, "This kind of file is not taken"),
        ({"content": b""}, "This kind of file is not taken"),
        ({"files": {"other": ("a.png", png())}}, "part `file`"),
        ({"content": b"\x89PNG\r\n\x1a\n"}, "damaged"),
    ],
)
def test_what_cannot_be_sent_is_refused_and_not_kept(
    runtime: Runtime, program: TestClient, sent: dict[str, Any], words: str
) -> None:
    answer = program.post(UPLOAD, **sent)
    assert answer.status_code == 422
    assert words in answer.json()["detail"]
    assert rows(runtime) == []


def test_a_body_beyond_all_bounds_is_refused_before_it_is_read(runtime: Runtime, program: TestClient) -> None:
    head = {"content-length": str(MOST_BODY_WITH_FILES + 1)}
    assert program.post(UPLOAD, content=b"x", headers=head).status_code == 413
    assert program.post("/api/v1/crises", content=b"x" * (2 * 1024 * 1024)).status_code == 413


def test_strangers_and_session_cookies_upload_nothing(runtime: Runtime, stranger: TestClient, anna: Visitor) -> None:
    assert stranger.post(UPLOAD, content=png()).status_code == 401
    assert anna.client.post(UPLOAD, content=png()).status_code == 401
    assert rows(runtime) == []


def test_a_reply_names_its_attachments(runtime: Runtime, program: TestClient) -> None:
    here = f"/api/v1/conversations/{add_comment(runtime)}/replies"
    known = program.post(UPLOAD, content=png()).json()["id"]
    body = {"text": "So sieht es aus", "visibility": "public", "client_key": "k", "attachments": [known]}
    answer = program.post(here, json=body)
    assert answer.status_code == 202, answer.text
    assert [(file["id"], file["content_type"]) for file in answer.json()["attachments"]] == [(known, "image/png")]
    assert program.post(here, json=body).json()["id"] == answer.json()["id"]
    again = program.post(UPLOAD, content=png()).json()["id"]
    assert program.post(here, json={**body, "attachments": [again]}).json()["id"] == answer.json()["id"]
    other = program.post(UPLOAD, content=png(9)).json()["id"]
    assert program.post(here, json={**body, "attachments": [other]}).status_code == 409
    listed = program.get("/api/v1/outbox").json()["items"]
    assert [[file["id"] for file in item["attachments"]] for item in listed] == [[known]]


def test_a_picture_alone_is_a_reply_and_nothing_at_all_is_none(runtime: Runtime, program: TestClient) -> None:
    here = f"/api/v1/conversations/{add_comment(runtime)}/replies"
    known = program.post(UPLOAD, content=png()).json()["id"]
    alone = {"visibility": "public", "client_key": "k1", "attachments": [known]}
    assert program.post(here, json=alone).status_code == 202
    assert program.post(here, json={"visibility": "public", "client_key": "k2"}).status_code == 422
    assert program.post(here, json={**alone, "client_key": "k3"}).status_code == 422


def test_what_the_platform_does_not_take_is_refused_with_alternatives(runtime: Runtime, program: TestClient) -> None:
    here = f"/api/v1/conversations/{add_comment(runtime)}/replies"
    known = program.post(UPLOAD, content=PDF).json()["id"]
    body = {"text": "Hier", "visibility": "public", "client_key": "k", "attachments": [known]}
    answer = program.post(here, json=body)
    assert answer.status_code == 422
    assert "takes JPEG, PNG, GIF here" in answer.json()["detail"]
    assert answer.json()["alternatives"] == [
        {"kind": "public_reply", "reason": "Send the text without the attachment."}
    ]
    private = program.post(here, json={**body, "visibility": "private"})
    assert "carry text only" in private.json()["detail"]
    assert items(runtime) == []


def test_another_programs_attachment_is_not_mine(runtime: Runtime, program: TestClient) -> None:
    known = program.post(UPLOAD, content=png()).json()["id"]
    with client_of(runtime, token_for(runtime, "agent")) as other:
        assert other.get(f"{UPLOAD}/{known}").status_code == 404
        here = f"/api/v1/conversations/{add_comment(runtime)}/replies"
        body = {"text": "x", "visibility": "public", "client_key": "k", "attachments": [known]}
        assert other.post(here, json=body).status_code == 422


# -- the platform fetches --------------------------------------------------------------------------------------------


@pytest.fixture
def laid_out(runtime: Runtime, program: TestClient) -> str:
    """The address of a file whose reply is being sent."""
    here = f"/api/v1/conversations/{add_comment(runtime)}/replies"
    known = program.post(UPLOAD, files={"file": ("Größe <38>.png", png())}).json()["id"]
    program.post(here, json={"visibility": "public", "client_key": "k", "attachments": [known]})
    token = "fake-token-that-nobody-guesses"
    with writing(runtime.sessions) as session:
        session.execute(update(OutboxItem).values(state="sending"))
        until = runtime.clock() + (runtime.clock() - runtime.clock().replace(year=2000))
        session.execute(update(Attachment).values(fetch_token=token, fetch_ends_at=until))
    return f"/attachments/{token}"


def test_whoever_has_the_address_gets_the_file_and_nothing_a_browser_would_run(
    runtime: Runtime, stranger: TestClient, laid_out: str
) -> None:
    answer = stranger.get(laid_out)
    assert (answer.status_code, answer.content) == (200, png())
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''Gr%C3%B6%C3%9Fe%20_38_.png"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert stranger.head(laid_out).status_code == 200


@pytest.mark.parametrize("state", ["queued", "sent", "failed", "cancelled"])
def test_the_address_leads_nowhere_unless_the_reply_is_being_sent(
    runtime: Runtime, stranger: TestClient, laid_out: str, state: str
) -> None:
    with writing(runtime.sessions) as session:
        session.execute(update(OutboxItem).values(state=state))
    assert stranger.get(laid_out).status_code == 404


@pytest.mark.parametrize(
    "path", ["/attachments/1", "/attachments/None", "/attachments/%00", f"/attachments/{'x' * 500}"]
)
def test_no_other_address_leads_anywhere(stranger: TestClient, laid_out: str, path: str) -> None:
    assert stranger.get(path).status_code == 404


# -- the composer ----------------------------------------------------------------------------------------------------


def answer_in(anna: Visitor, conversation: int, files: list[tuple[str, Any]], **fields: Any) -> Any:
    """Sends the composer's form."""
    data = {"csrf": anna.csrf, "text": "So:", "way": "public_reply", "client_key": "web-1", **fields}
    return anna.client.post(f"/conversations/{conversation}/replies", data=data, files=files)


def test_the_composer_sends_a_picture_and_colleagues_can_look_at_it(runtime: Runtime, anna: Visitor) -> None:
    here = add_comment(runtime)
    answer = answer_in(anna, here, [("files", ("kleid.png", png()))])
    assert answer.status_code == 303, answer.text
    (item,) = items(runtime)
    assert (item.text, item.attachment_count) == ("So:", 1)
    page = anna.get(f"/conversations/{here}").text
    known = rows(runtime)[0].id
    assert f'href="/conversations/{here}/attachments/{known}"' in page
    shown = anna.get(f"/conversations/{here}/attachments/{known}")
    assert (shown.content, shown.headers["content-disposition"][:10]) == (png(), "attachment")
    assert anna.get(f"/conversations/{here + 1}/attachments/{known}").status_code == 404


def test_an_empty_file_field_is_no_attachment(runtime: Runtime, anna: Visitor) -> None:
    answer = answer_in(anna, add_comment(runtime), [("files", ("", b""))])
    assert answer.status_code == 303
    assert [item.attachment_count for item in items(runtime)] == [0]


def test_without_the_token_nothing_is_kept(runtime: Runtime, anna: Visitor) -> None:
    answer = answer_in(anna, add_comment(runtime), [("files", ("kleid.png", png()))], csrf="wrong")
    assert answer.status_code == 403
    assert rows(runtime) == []


def test_a_refused_answer_keeps_text_and_files_and_says_what_else_is_possible(runtime: Runtime, anna: Visitor) -> None:
    here = add_comment(runtime)
    refused = answer_in(anna, here, [("files", ("plan.pdf", PDF))])
    assert refused.status_code == 422
    known = rows(runtime)[0].id
    assert f'name="attachment" value="{known}"' in refused.text
    assert "plan.pdf ist PDF; die Plattform nimmt hier JPEG, PNG, GIF." in refused.text
    assert "Den Text ohne den Anhang senden." in refused.text
    assert ">So:</textarea>" in refused.text
    again = answer_in(anna, here, [], attachment=str(known))
    assert again.status_code == 422
    without = answer_in(anna, here, [])
    assert without.status_code == 303


def test_a_note_takes_no_attachment(runtime: Runtime, anna: Visitor) -> None:
    answer = answer_in(anna, add_comment(runtime), [("files", ("kleid.png", png()))], way="note")
    assert answer.status_code == 422
    assert "Eine Notiz nimmt keine Anhänge." in answer.text


def test_the_composer_says_for_each_way_what_it_takes(runtime: Runtime, anna: Visitor) -> None:
    page = anna.get(f"/conversations/{add_comment(runtime)}").text
    assert 'data-takes="JPEG, PNG, GIF, bis 4 MB, höchstens 1."' in page
    assert 'data-takes="Solche Antworten tragen nur Text: Die Plattform nimmt hier keine Anhänge."' in page
    assert 'data-takes="Eine Notiz nimmt keine Anhänge."' in page
    assert 'enctype="multipart/form-data"' in page


@pytest.fixture
def instagram(runtime: Runtime) -> Iterator[int]:
    """A private conversation of an account whose platform fetches files from us."""
    here = add_comment(runtime)
    with writing(runtime.sessions) as session:
        row = session.get_one(Conversation, here)
        row.channel, row.kind, row.visibility = "instagram", "direct_message", "private"
        row.last_inbound_at = runtime.clock()
        session.execute(update(Account).values(channel="instagram"))
    runtime.settings.accounts.append(
        AccountSettings(
            name="shop-facebook",
            channel="instagram",
            external_id="1",
            login="instagram",
            credentials={"access_token": "fake-token"},
        )
    )
    yield here
    runtime.settings.accounts.clear()


def test_the_composer_says_that_a_platform_cannot_fetch_from_here(
    runtime: Runtime, anna: Visitor, instagram: int
) -> None:
    page = anna.get(f"/conversations/{instagram}").text
    assert "Die Plattform holt Anhänge bei uns ab, und [web] public_url ist eine Adresse" in page
    answer = answer_in(anna, instagram, [("files", ("kleid.png", png()))], way="direct_message", text="")
    assert answer.status_code == 422
