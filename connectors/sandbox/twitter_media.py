"""Pictures on X: uploaded in one request, described, attached to a post or a direct message."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from typing import Any

from connectors.sandbox.scene import Scene
from connectors.sandbox.twitter_errors import invalid_request
from connectors.sandbox.wire import Answer, Call

Json = Any
LARGEST = 5 * 1024 * 1024
MOST_IN_POST = 4
LONGEST_ALTERNATIVE_TEXT = 1000
LIVES = 86400
"""Seconds."""
_KEYS = frozenset({"media", "media_category", "media_type", "additional_owners", "shared"})
_TYPES = ("image/jpeg", "image/bmp", "image/png", "image/webp", "image/pjpeg", "image/tiff")


@dataclass
class Picture:
    """One upload."""

    id: str
    key: str
    category: str
    content_type: str
    content: bytes
    alternative_text: str = ""

    def described(self) -> dict[str, Json]:
        """As the journal writes it down."""
        return {
            "content_type": self.content_type,
            "size": len(self.content),
            "sha256": hashlib.sha256(self.content).hexdigest(),
            "alternative_text": self.alternative_text,
        }


class TwitterMedia:
    """Everything uploaded, by media id."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._pictures: dict[str, Picture] = {}

    def upload(self, call: Call) -> Answer:
        """`POST /2/media/upload` with a JSON or a multipart body."""
        for name in call.form:
            if name not in _KEYS:
                raise invalid_request(name, str(call.form[name])[:50], f"[{name}] is not a property of the body")
        category, kind = str(call.form.get("media_category") or ""), str(call.form.get("media_type") or "")
        if category not in ("tweet_image", "dm_image"):
            raise invalid_request("media_category", category, "media_category must be tweet_image, dm_image, subtitles")
        if kind not in _TYPES:
            raise invalid_request("media_type", kind, f"media_type must be one of {', '.join(_TYPES)}")
        content = self._content(call)
        if not 0 < len(content) <= LARGEST:
            raise invalid_request("media", "", "The media is empty or too large")
        number = self._scene.identifiers.snowflake(self._scene.now())
        self._pictures[number] = Picture(number, f"3_{number}", category, kind, content)
        data = {"id": number, "media_key": f"3_{number}", "size": len(content), "expires_after_secs": LIVES}
        return Answer(200, {"data": data})

    @staticmethod
    def _content(call: Call) -> bytes:
        if "media" in call.files:
            return call.files["media"].content
        try:
            return base64.b64decode(str(call.form.get("media") or ""), validate=True)
        except binascii.Error:
            raise invalid_request("media", "", "media must be base64") from None

    def describe(self, call: Call) -> Answer:
        """`POST /2/media/metadata`."""
        picture = self._pictures.get(str(call.form.get("id") or ""))
        if picture is None:
            raise invalid_request("id", str(call.form.get("id")), "Could not find the media")
        metadata = call.form.get("metadata") or {}
        text = str((metadata.get("alt_text") or {}).get("text") or "")
        if not 0 < len(text) <= LONGEST_ALTERNATIVE_TEXT:
            raise invalid_request("metadata", "", "alt_text.text must have 1 to 1000 characters")
        picture.alternative_text = text
        return Answer(200, {"data": {"id": picture.id, "associated_metadata": metadata}})

    def of_post(self, media: Json) -> list[Picture]:
        """The pictures a post names; raises 400 for ids it cannot have."""
        if media is None:
            return []
        ids = media.get("media_ids") if isinstance(media, dict) else None
        if not isinstance(ids, list) or not 1 <= len(ids) <= MOST_IN_POST:
            raise invalid_request("media", str(media)[:50], "media.media_ids must hold 1 to 4 ids")
        return [self._picture(one, "tweet_image") for one in ids]

    def of_message(self, attachments: Json) -> list[Picture]:
        """The picture of a direct message; one only."""
        if not attachments:
            return []
        if not isinstance(attachments, list) or len(attachments) != 1 or not isinstance(attachments[0], dict):
            raise invalid_request("attachments", str(attachments)[:50], "attachments must hold one media_id")
        return [self._picture(attachments[0].get("media_id"), "dm_image")]

    def _picture(self, media_id: Json, category: str) -> Picture:
        found = self._pictures.get(str(media_id))
        if found is None or found.category != category:
            raise invalid_request("media_ids", str(media_id), "Your media IDs are invalid.")
        return found
