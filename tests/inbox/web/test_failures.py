"""What people and programs read where no handler answers."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from inbox.runtime import Runtime
from tests.inbox.shop import client_of, with_a_broken_database
from tests.inbox.web.conftest import Visitor

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
PROBLEM = "application/problem+json"


@pytest.mark.parametrize(
    ("language", "title", "next_step"),
    [("de", "Nicht gefunden", "Zum Posteingang"), ("en", "Not found", "To the inbox")],
)
def test_an_unknown_address_says_so_in_the_readers_language(
    stranger: TestClient, language: str, title: str, next_step: str
) -> None:
    answer = stranger.get("/no/such/place", headers={**BROWSER, "Accept-Language": language})
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert f"<h1>{title}</h1>" in answer.text
    assert next_step in answer.text
    assert "default-src" in answer.headers["content-security-policy"]


def test_the_persons_own_language_comes_first(anna: Visitor) -> None:
    anna.post("/settings", name="Anna", language="en", signature="")
    assert "<h1>Not found</h1>" in anna.client.get("/nowhere", headers=BROWSER).text
    assert "<h1>Not found</h1>" in anna.client.get("/conversations/999", headers=BROWSER).text


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/webhooks/nobody/else", "/no/such/place"])
def test_programs_are_told_in_json(stranger: TestClient, path: str) -> None:
    answer = stranger.get(path, headers={} if path.startswith("/no/") else BROWSER)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == PROBLEM


def test_a_wrong_method_leads_on(anna: Visitor) -> None:
    page = anna.client.get("/sign-out", headers=BROWSER)
    assert page.status_code == 405
    assert page.headers["allow"] == "POST"
    assert "Laden Sie die Seite neu" in page.text
    assert anna.client.get("/sign-out").headers["content-type"] == PROBLEM


def test_an_error_leads_back_to_the_page_it_came_from(anna: Visitor) -> None:
    there = {**BROWSER, "Referer": "http://127.0.0.1:8080/playbook/versions?x=1"}
    assert 'href="/playbook/versions?x=1"' in anna.client.get("/conversations/9999", headers=there).text
    foreign = {**BROWSER, "Referer": "http://elsewhere.example/playbook"}
    assert "elsewhere" not in anna.client.get("/conversations/9999", headers=foreign).text
    itself = {**BROWSER, "Referer": "http://127.0.0.1:8080/conversations/9999"}
    assert 'href="/conversations/9999"' not in anna.client.get("/conversations/9999", headers=itself).text


def test_a_form_of_another_sign_in_is_a_page(anna: Visitor) -> None:
    page = anna.client.post("/sign-out", data={"csrf": "wrong"}, headers=BROWSER)
    assert page.status_code == 403
    assert "Dieses Formular gilt nicht mehr" in page.text


def test_an_accident_is_a_page_without_internals(runtime: Runtime, tmp_path: Path) -> None:
    with client_of(with_a_broken_database(runtime, tmp_path)) as client:
        cookie = {"Cookie": "zuruf_session=anything", "Accept-Language": "de"}
        page = client.get("/inbox", headers={**BROWSER, **cookie})
        program = client.get("/inbox", headers=cookie)
    assert page.status_code == program.status_code == 500
    assert "<h1>Bei uns ist etwas schiefgegangen</h1>" in page.text
    assert "sign_ins" not in page.text
    assert program.headers["content-type"] == PROBLEM


def test_a_foreign_host_and_too_large_a_form_are_pages_for_people(stranger: TestClient) -> None:
    german = {**BROWSER, "Accept-Language": "de"}
    foreign = stranger.get("/sign-in", headers={**german, "Host": "inbox.elsewhere.example"})
    assert foreign.status_code == 421
    assert "<h1>Diese Adresse ist nicht unsere</h1>" in foreign.text
    large = stranger.post("/sign-in", content=b"x" * (1024 * 1024 + 1), headers=german)
    assert large.status_code == 413
    assert "1048576" in large.text
