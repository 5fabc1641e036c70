"""Asking Meta's Graph: version in the path, token and proof on every call, one answer or one sorted error."""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from connectors.base import OutcomeUnknown, Unavailable, Usage
from connectors.graph_errors import graph_error
from connectors.graph_usage import usage_of
from connectors.http import Answer, Door, Files, Secrets

log = logging.getLogger(__name__)

VERSION = "v26.0"
"""Released 2026-07-29; the oldest version alive in November 2026 is v21.0."""
FACEBOOK_ORIGIN = "https://graph.facebook.com"
INSTAGRAM_ORIGIN = "https://graph.instagram.com"


@dataclass(frozen=True, slots=True)
class Got:
    """A successful answer: its JSON object and what it used up."""

    body: Mapping[str, Any]
    usage: Usage


class Graph:
    """One token at one origin."""

    def __init__(self, origin: str, credentials: Mapping[str, str], door: Door | None = None) -> None:
        self._base = f"{origin.rstrip('/')}/{VERSION}"
        self._origin = origin.rstrip("/")
        self._token, app_secret = credentials["access_token"], credentials.get("app_secret")
        self._version_compared = False
        self._proof = proof(self._token, app_secret) if app_secret else None
        self._door = door or Door(secrets=Secrets(credentials))

    def get(self, path: str, now: datetime, **params: str | int | None) -> Got:
        """Read `/{path}`. Raises NothingHappened kinds only."""
        query = {name: str(value) for name, value in params.items() if value is not None}
        if "access_token" not in query:
            query |= {"access_token": self._token} | self._signed()
        return self._judged(self._door.read(f"{self._base}/{path}", query), now, path, writing=False)

    def post(self, path: str, now: datetime, files: Files | None = None, /, **params: str | None) -> Got:
        """Write to `/{path}`, once. Raises OutcomeUnknown where no answer tells what became of it."""
        form = {name: value for name, value in params.items() if value is not None}
        form["access_token"] = self._token
        answer = self._door.write(f"{self._base}/{path}", self._signed(), form, files)
        return self._judged(answer, now, path, writing=True)

    def get_unversioned(self, path: str, now: datetime, **params: str) -> Got:
        """Read an address outside the versions, such as Instagram's `refresh_access_token`."""
        query = params | {"access_token": self._token}
        return self._judged(self._door.read(f"{self._origin}/{path}", query, new_login=True), now, path, writing=False)

    def _signed(self) -> dict[str, str]:
        return {"appsecret_proof": self._proof} if self._proof else {}

    def _judged(self, answer: Answer, now: datetime, path: str, *, writing: bool) -> Got:
        usage = usage_of(answer.headers, now)
        place = f"Graph /{path}"
        error = graph_error(answer, usage, now, writing=writing, place=place)
        if error is not None:
            error.args = (self._door.redact(str(error)),)
            raise error
        if not isinstance(answer.body, Mapping):
            kind = OutcomeUnknown if writing else Unavailable
            raise kind(f"{place}: an answer without an object", code=f"http {answer.status}", usage=usage)
        self._compare_version(answer.headers.get("facebook-api-version"))
        return Got(answer.body, usage)

    def _compare_version(self, served: str | None) -> None:
        """A version that died is served as a younger one without an error: told once a start."""
        if served and not self._version_compared:
            self._version_compared = True
            if served != VERSION:
                log.warning("Graph was asked for %s and answers as %s: fields may be missing", VERSION, served)


def proof(token: str, app_secret: str) -> str:
    """`appsecret_proof`: lower-case hex HMAC-SHA256 of the token under the app secret."""
    return hmac.new(app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()


def node(*parts: str) -> str:
    """A path from ids and edge names; ids of strangers never leave their place in it."""
    return "/".join(quote(part, safe="") for part in parts)
