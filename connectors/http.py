"""The one door for our own HTTP: time-outs, bounded answers, redaction, and "did it leave this machine?".

Every failure is sorted here once. A read that fails had no effect: `Unavailable`. A write that certainly never left
(refused connection, no name, no handshake) is `Unavailable` too; a write whose answer got lost, or makes no sense, is
`OutcomeUnknown`. Redirects are not followed, so a token never travels to a host nobody chose.
"""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import orjson
import requests
import urllib3
from requests.adapters import HTTPAdapter

from connectors.base import ConnectorError, Misconfigured, OutcomeUnknown, Unavailable
from connectors.network_failures import AGAIN, NO_ADDRESS, explained, never_left

USER_AGENT = "Zuruf/1"
CONNECT_SECONDS = 5.0
READ_SECONDS = 10.0
FILE_READ_SECONDS = 30.0
"""After a file was sent: platforms look at it before they answer."""
LARGEST_ANSWER = 32 * 1024 * 1024
"""Bytes; a full page of posts with comments stays under 2 MiB."""
WHOLE_ANSWER_SECONDS = 30.0
"""A server that drips bytes must not hold a poll for ever."""

_SECRET_VALUE = re.compile(
    r"(?i)(access_token|appsecret_proof|client_secret|input_token|fb_exchange_token|refresh_token|verify_token)"
    r"(\"?\s*[=:]\s*\"?|%3D)[^&\s\"'<>,}]+"
)
_BEARER = re.compile(r"(?i)(bearer|oauth)\s+[A-Za-z0-9|._~+/=-]{8,}")
OPEN_NAMES = ("app_id", "client_id")
"""Credentials that name an app and open nothing: a platform may put them into any answer."""
SHORTEST_SECRET = 6
SHORTEST_IN_ANSWERS = 16
"""What is shorter, such as a chosen verify token, may be an ordinary word in a customer's message."""
Files = Mapping[str, tuple[str, bytes, str]]
"""By form field: file name, content, content type."""

_HALF_PAIRS = re.compile("[\ud800-\udfff]")


def redact(text: str) -> str:
    """The same text without what is named or shaped like a token or proof."""
    return _BEARER.sub(r"\1 …", _SECRET_VALUE.sub(r"\1\2…", text))


class Secrets:
    """One account's credentials, taken out of our own sentences and of what the platform answers."""

    def __init__(self, credentials: Mapping[str, str]) -> None:
        told = {value for value in credentials.values() if len(value) >= SHORTEST_SECRET}
        self._told = sorted(told, key=len, reverse=True)
        open_ones = {credentials[name] for name in OPEN_NAMES if name in credentials}
        long = [one.encode() for one in self._told if len(one) >= SHORTEST_IN_ANSWERS and one not in open_ones]
        self._answered = [*long, *(value.replace(b"/", b"\\/") for value in long if b"/" in value)]

    def redact(self, text: str) -> str:
        """The same sentence without any of them, nor anything shaped like one."""
        for value in self._told:
            text = text.replace(value, "…")
        return redact(text)

    def taken_out(self, raw: bytes) -> bytes:
        """The same answer without any of them: what a platform repeats must not be stored as somebody's words."""
        for value in self._answered:
            if value in raw:
                raw = raw.replace(value, "…".encode())
        return raw


class _RedactedRecords(logging.Filter):
    """urllib3 writes whole request paths at DEBUG, and with them tokens."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(record.getMessage()), ()
        return True


logging.getLogger("urllib3.connectionpool").addFilter(_RedactedRecords("urllib3.connectionpool"))


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status, lower-case headers, and the JSON body (None where it was no JSON)."""

    status: int
    headers: Mapping[str, str]
    body: Any
    is_json: bool = field(default=True)


class Door:
    """A session with one origin's time-outs. Safe to share between threads as far as `requests` is."""

    def __init__(
        self,
        *,
        connect_seconds: float = CONNECT_SECONDS,
        read_seconds: float = READ_SECONDS,
        secrets: Secrets | None = None,
    ) -> None:
        self._timeout = (connect_seconds, read_seconds)
        self._secrets = secrets or Secrets({})
        self._session = requests.Session()
        adapter = HTTPAdapter(max_retries=urllib3.Retry(total=0, read=False), pool_maxsize=8)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)
        self._session.headers["User-Agent"] = USER_AGENT
        self._session.trust_env = True

    def read(self, url: str, params: Mapping[str, str], *, new_login: bool = False) -> Answer:
        """GET. A connection that breaks is tried once more at once; raises Unavailable or Misconfigured only.

        Our secrets are taken out of the answer, unless it is to bring a `new_login`, which may be the old one.
        """
        try:
            return self._exchange("GET", url, params, None, new_login=new_login)
        except _Broken:
            pass
        try:
            return self._exchange("GET", url, params, None, new_login=new_login)
        except _Broken as broken:
            raise Unavailable(f"Asked twice for {_path(url)}: {broken}{AGAIN}", code="network") from None

    def write(self, url: str, params: Mapping[str, str], form: Mapping[str, str], files: Files | None = None) -> Answer:
        """POST a form, with files as multipart, once. Raises Unavailable (it never left), Misconfigured or
        OutcomeUnknown."""
        try:
            return self._exchange("POST", url, params, form, files)
        except _Broken as broken:
            raise OutcomeUnknown(
                f"The request to {_path(url)} was sent and its answer is lost: {broken}", code="network"
            ) from None

    def redact(self, text: str) -> str:
        """`text` without this door's secrets."""
        return self._secrets.redact(text)

    def _exchange(
        self,
        method: str,
        url: str,
        params: Mapping[str, str],
        form: Mapping[str, str] | None,
        files: Files | None = None,
        new_login: bool = False,
    ) -> Answer:
        connect_seconds, read_seconds = self._timeout
        try:
            response = self._session.request(
                method,
                url,
                params=dict(params),
                data=dict(form) if form is not None else None,
                files=files,
                timeout=(connect_seconds, max(read_seconds, FILE_READ_SECONDS) if files else read_seconds),
                allow_redirects=False,
                stream=True,
            )
            with response:
                raw = _bounded(response)
            raw = raw if new_login else self._secrets.taken_out(raw)
        except requests.RequestException as error:
            raise self._sorted(url, error, writing=method != "GET") from None
        except urllib3.exceptions.HTTPError as error:
            raise _Broken(explained(error, url, self._timeout)) from None
        headers = {name.lower(): value for name, value in response.headers.items()}
        try:
            return Answer(response.status_code, headers, read_json(raw))
        except ValueError:
            return Answer(response.status_code, headers, None, is_json=False)

    def _sorted(self, url: str, error: requests.RequestException, *, writing: bool) -> ConnectorError | _Broken:
        told = explained(error, url, self._timeout)
        if isinstance(error, NO_ADDRESS):
            return Misconfigured(told, code="address")
        if never_left(error):
            return Unavailable(told + AGAIN, code="network")
        if isinstance(error, requests.exceptions.Timeout) and not writing:
            return Unavailable(f"Asked for {_path(url)}: {told}{AGAIN}", code="network")
        return _Broken(told)


class _Broken(Exception):
    """The request may have arrived; no whole answer came."""


def _bounded(response: requests.Response) -> bytes:
    began = time.monotonic()
    parts: list[bytes] = []
    size = 0
    for part in response.iter_content(64 * 1024):
        parts.append(part)
        size += len(part)
        if size > LARGEST_ANSWER:
            raise requests.exceptions.ContentDecodingError("answer too large")
        if time.monotonic() - began > WHOLE_ANSWER_SECONDS:
            raise requests.exceptions.ReadTimeout("answer too slow")
    return b"".join(parts)


def _path(url: str) -> str:
    """What was asked for, without the query that holds the token."""
    return urlsplit(url).path


def read_json(raw: bytes) -> Any:
    """JSON, whatever characters strangers put into it: NUL characters and halves of surrogate pairs are taken out.

    PostgreSQL stores neither. Raises ValueError where it is no JSON.
    """
    try:
        value = orjson.loads(raw)
        doubtful = b"\\u0000" in raw
    except orjson.JSONDecodeError:
        try:
            value = json.loads(raw.decode("utf-8", "replace"), strict=False)
        except RecursionError:
            raise ValueError("JSON nested too deeply") from None
        doubtful = True
    return clean(value) if doubtful else value


def clean(value: Any) -> Any:
    """The same value with every string free of NUL and of halves of surrogate pairs."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, list):
        return [clean(item) for item in value]
    if isinstance(value, dict):
        return {clean_text(key): clean(item) for key, item in value.items()}
    return value


def clean_text(text: str) -> str:
    """One string, storable everywhere."""
    return _HALF_PAIRS.sub("\ufffd", text.replace("\x00", ""))
