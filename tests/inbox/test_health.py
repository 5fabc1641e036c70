"""Probes, the webhooks' door, and what every answer carries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from inbox.runtime import Runtime
from inbox.web.armour import host_of
from tests.inbox.shop import HOME, client_of, token_for, with_a_broken_database


def test_up(stranger: TestClient) -> None:
    assert stranger.get("/healthz").status_code == 200


def test_ready(runtime: Runtime, stranger: TestClient) -> None:
    assert stranger.get("/readyz").json() == {"ready": True, "reasons": []}


def test_a_scheduler_that_stopped_makes_unready(runtime: Runtime, stranger: TestClient) -> None:
    ticked_at = runtime.clock()
    runtime.scheduler_ticked_at = lambda: ticked_at
    assert stranger.get("/readyz").status_code == 200
    ticked_at -= timedelta(minutes=2)
    answer = stranger.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["reasons"][0].startswith("scheduler: it last ticked 120 s ago")
    runtime.scheduler_ticked_at = lambda: None
    assert stranger.get("/readyz").status_code == 503


def test_a_database_that_is_gone_makes_unready_but_not_down(runtime: Runtime, tmp_path: Path) -> None:
    with client_of(with_a_broken_database(runtime, tmp_path)) as client:
        answer = client.get("/readyz")
        assert client.get("/healthz").status_code == 200
    assert answer.status_code == 503
    assert answer.json()["reasons"][0].startswith("database:")
    assert "SELECT" not in answer.text


def test_metrics_need_a_token_unless_open(runtime: Runtime, stranger: TestClient) -> None:
    assert stranger.get("/metrics").status_code == 401
    with client_of(runtime, token_for(runtime)) as program:
        answer = program.get("/metrics")
    assert answer.status_code == 200
    assert "zuruf_" in answer.text
    with client_of(with_web(runtime, metrics_open=True)) as anybody:
        assert anybody.get("/metrics").status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/sign-in", "/api/v1/conversations", "/nowhere", "/api/v1/openapi.json"])
def test_every_answer_is_protected(stranger: TestClient, path: str) -> None:
    headers = stranger.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"


def with_web(runtime: Runtime, **web: object) -> Runtime:
    """The same runtime with other `[web]` settings."""
    settings = runtime.settings
    return replace(runtime, settings=settings.model_copy(update={"web": settings.web.model_copy(update=web)}))


def test_https_is_asked_for_where_it_is_used(runtime: Runtime) -> None:
    with client_of(with_web(runtime, public_url="https://inbox.shop.example")) as client:
        assert "max-age" in client.get("/healthz").headers["strict-transport-security"]
        assert client.get("/sign-in", headers={"Host": "inbox.shop.example"}).status_code == 200


def test_a_foreign_host_is_refused_where_cookies_count(stranger: TestClient) -> None:
    for path in ("/sign-in", "/api/v1/conversations", "/"):
        answer = stranger.get(path, headers={"Host": "attacker.example"})
        assert answer.status_code == 421
        assert answer.headers["content-type"] == "application/problem+json"
    assert stranger.get("/healthz", headers={"Host": "10.0.0.9:8080"}).status_code == 200
    assert stranger.get("/sign-in", headers={"Host": "localhost:9"}).status_code == 200


@pytest.mark.parametrize(
    ("header", "host"),
    [("Shop.Example:8080", "shop.example"), ("[::1]:8080", "::1"), ("localhost", "localhost"), ("", "")],
)
def test_hosts_are_read_without_port_and_brackets(header: str, host: str) -> None:
    assert host_of(header) == host


def test_without_a_sign_in_only_the_front_doors_answer(runtime: Runtime, stranger: TestClient) -> None:
    for path in ("/healthz", "/readyz", "/sign-in", "/api/v1/openapi.json"):
        assert stranger.get(path).status_code == 200, path
    described = stranger.get("/api/v1/openapi.json").json()["paths"]
    for path in described:
        assert stranger.get(path.replace("{", "").replace("}", "")).status_code in (401, 405), path
    for path in ("/docs", "/redoc", "/openapi.json", "/metrics"):
        assert stranger.get(path).status_code in (401, 404), path
    front = stranger.get("/")
    assert front.status_code in (302, 303, 307)
    assert front.headers["location"].removeprefix(HOME).startswith("/sign-in")


def test_a_webhook_of_nobody_stores_nothing(runtime: Runtime, stranger: TestClient) -> None:
    answer = stranger.post("/webhooks/nobody", content=b"{}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert stranger.get("/webhooks/nobody?hub.mode=subscribe&hub.challenge=1").status_code == 403


def test_webhook_bodies_have_a_bound(stranger: TestClient) -> None:
    assert stranger.post("/webhooks/nobody", content=b"x" * (4 * 1024 * 1024 + 1)).status_code == 413
    assert stranger.post("/webhooks/nobody", content=b"x" * (2 * 1024 * 1024)).status_code == 404

    def endless() -> Iterator[bytes]:
        for _ in range(70):
            yield b"x" * 65536

    assert stranger.post("/webhooks/nobody", content=endless()).status_code == 413


def test_an_accident_is_protected_and_shows_no_internals(runtime: Runtime, tmp_path: Path) -> None:
    with client_of(with_a_broken_database(runtime, tmp_path), token_for(runtime)) as program:
        answer = program.get("/api/v1/crises")
        page = program.get("/api/v1/crises", headers={"Accept": "text/html"})
    assert answer.status_code == page.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert page.headers["content-type"] == "application/problem+json"
    assert "frame-ancestors" in answer.headers["content-security-policy"]
    for text in (answer.text, page.text):
        assert "SELECT" not in text
        assert "api_tokens" not in text
