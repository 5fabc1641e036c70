"""A request as the sandbox reads it, and an answer as it gives it: plain data, no framework."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

Json = Any


@dataclass(frozen=True)
class Upload:
    """One file of a multipart body."""

    name: str
    content_type: str
    content: bytes

    def described(self) -> dict[str, Json]:
        """As the journal writes it down."""
        return {
            "content_type": self.content_type,
            "size": len(self.content),
            "sha256": hashlib.sha256(self.content).hexdigest(),
        }


@dataclass
class Call:
    """One request. `query` and `form` hold the last value of each name; header names are lower case."""

    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    form: dict[str, Json] = field(default_factory=dict)
    """The body's fields, from a form or from a JSON object."""
    headers: Mapping[str, str] = field(default_factory=dict)
    origin: str = ""
    signed_form: bool = False
    """The body was form-encoded: OAuth 1.0a signs its fields too."""
    broken_body: bool = False
    """The body claimed to be JSON and is not an object."""
    files: dict[str, Upload] = field(default_factory=dict)
    """Of a multipart body, by field."""

    def value(self, name: str) -> Json:
        """A parameter, wherever it was sent; None when missing."""
        return self.form.get(name, self.query.get(name))


@dataclass
class Answer:
    """Status, JSON body and headers. `text` replaces the body where something else than JSON is sent."""

    status: int
    body: Json = None
    headers: dict[str, str] = field(default_factory=dict)
    text: str | None = None

    def content(self) -> bytes:
        """The bytes that go out."""
        if self.text is not None:
            return self.text.encode()
        return b"" if self.body is None else orjson.dumps(self.body)

    def media_type(self) -> str:
        """What those bytes are."""
        return "text/html; charset=utf-8" if self.text is not None else "application/json; charset=utf-8"


class Refusal(Exception):
    """The platform says no; `answer` is what it says."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"{answer.status} {answer.body}")
        self.answer = answer


def graph_time(moment: datetime) -> str:
    """`2021-02-12T12:28:51+0000`, the Graph API's spelling."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


def x_time(moment: datetime) -> str:
    """`2021-02-12T12:28:51.000Z`, X's spelling."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def read_time(value: datetime | str | float | None) -> datetime | None:
    """A moment from a datetime, an ISO text or Unix seconds; naive values are refused."""
    if value is None or isinstance(value, datetime):
        moment = value
    elif isinstance(value, (int, float)):
        moment = datetime.fromtimestamp(value, UTC)
    elif value.isdigit():
        moment = datetime.fromtimestamp(int(value), UTC)
    else:
        moment = datetime.fromisoformat(value)
    if moment is not None and moment.tzinfo is None:
        raise ValueError(f"{value!r} has no time zone; write it in UTC, such as 2026-11-22T09:00:00+00:00")
    return moment
