"""Files of private messages: the Attachment Upload API, and the addresses Meta fetches."""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit

import orjson

from connectors.sandbox.graph_errors import graph_error, invalid_parameter
from connectors.sandbox.identifiers import Identifiers
from connectors.sandbox.wire import Call, Upload

Json = Any
LARGEST_IMAGE = 8 * 1024 * 1024
LARGEST = 25 * 1024 * 1024
_KINDS = {"image": "image/", "audio": "audio/", "video": "video/", "file": ""}
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_SECONDS = 5.0


class MessageFiles:
    """What was uploaded and may be sent, by attachment id."""

    def __init__(self, identifiers: Identifiers) -> None:
        self._identifiers = identifiers
        self._uploaded: dict[str, Upload] = {}

    def upload(self, call: Call) -> Json:
        """`POST /{page}/message_attachments` with multipart `filedata`."""
        message = call.value("message")
        given = orjson.loads(message) if isinstance(message, str) else message
        attachment = given.get("attachment") if isinstance(given, dict) else None
        if not isinstance(attachment, dict) or attachment.get("type") not in _KINDS:
            raise invalid_parameter("Param message[attachment] must have a valid type")
        file = call.files.get("filedata")
        if file is None:
            raise graph_error(100, "(#100) Upload attachment failure.", subcode=2018047)
        _check(file, str(attachment["type"]))
        attachment_id = self._identifiers.number("10", 15)
        self._uploaded[attachment_id] = file
        return {"attachment_id": attachment_id}

    def look_at(self, attachment: dict[str, Json]) -> None:
        """Raises what the platform says of an unknown id, or of an address it cannot fetch."""
        payload = attachment.get("payload") or {}
        known = str(payload.get("attachment_id", ""))
        if known and known not in self._uploaded:
            raise graph_error(100, "(#100) Invalid attachment ID", subcode=2018074)
        if not known and attachment["type"] != "template" and not payload.get("url"):
            raise invalid_parameter("message[attachment][payload] needs url or attachment_id")

    def taken(self, attachment: dict[str, Json]) -> list[dict[str, Json]]:
        """What the message carries, as the journal writes it down. An address on loopback is fetched; the sandbox
        speaks to no other."""
        payload = attachment.get("payload") or {}
        if payload.get("attachment_id"):
            return [self._uploaded[str(payload["attachment_id"])].described()]
        if urlsplit(str(payload.get("url", ""))).hostname not in _LOOPBACK:
            return []
        file = _fetched(str(payload["url"]))
        _check(file, str(attachment["type"]))
        return [file.described()]


def _fetched(url: str) -> Upload:
    try:
        with urllib.request.urlopen(url, timeout=_SECONDS) as answer:  # noqa: S310 - loopback only
            return Upload("", answer.headers.get_content_type(), answer.read(LARGEST + 1))
    except (urllib.error.URLError, TimeoutError):
        raise graph_error(100, "(#100) Upload attachment failure.", subcode=2018047) from None


def _check(file: Upload, kind: str) -> None:
    if not file.content_type or not file.content_type.startswith(_KINDS[kind]):
        raise graph_error(100, "(#100) Upload attachment failure.", subcode=2018047)
    if len(file.content) > (LARGEST_IMAGE if kind == "image" else LARGEST):
        raise graph_error(100, "(#100) Attachment size exceeds allowable limit", subcode=2018109)
