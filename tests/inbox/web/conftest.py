"""Somebody signed in, speaking HTTP to the pages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from inbox import access
from inbox.db import reading, writing
from inbox.runtime import Runtime
from tests.inbox.shop import client_of

ANNA, BEN, PASSWORD = "anna@shop.example", "ben@shop.example", "obviously-not-secret"


class Visitor:
    """A browser with a sign-in and its CSRF token."""

    def __init__(self, runtime: Runtime, client: TestClient, email: str) -> None:
        self.runtime = runtime
        self.client = client
        with writing(runtime.sessions) as session:
            person = access.person_by_email(session, email)
            assert person is not None
            self.secret = access.start_sign_in(session, person.id, runtime.clock())
        with reading(runtime.sessions) as session:
            found = access.signed_in(session, self.secret, runtime.clock())
        assert found is not None
        self.csrf = found.csrf
        client.cookies.set("zuruf_session", self.secret)
        client.headers["accept-language"] = "de"

    def get(self, path: str, **headers: str) -> Response:
        """Reads a page."""
        return self.client.get(path, headers=headers)

    def post(self, path: str, /, **fields: str) -> Response:
        """Sends a form with the token."""
        return self.client.post(path, data={"csrf": self.csrf, **fields})


@pytest.fixture
def people(runtime: Runtime) -> None:
    """Anna, admin, and Ben, agent."""
    with writing(runtime.sessions) as session:
        access.add_user(session, ANNA, PASSWORD, "admin", runtime.clock(), name="Anna Huber")
        access.add_user(session, BEN, PASSWORD, "agent", runtime.clock(), name="Ben Novak")


@pytest.fixture
def anna(runtime: Runtime, people: None) -> Iterator[Visitor]:
    """The admin."""
    with client_of(runtime) as client:
        yield Visitor(runtime, client, ANNA)


@pytest.fixture
def ben(runtime: Runtime, people: None) -> Iterator[Visitor]:
    """An agent."""
    with client_of(runtime) as client:
        yield Visitor(runtime, client, BEN)
