"""Pictures in answers on X: which are taken, and how they get there.

A post takes up to four pictures, a direct message one (OpenAPI 2.166; tweepy 4.17), each of at most 5 MB (docs.x.com
media best practices, 2026-08). One request uploads a picture (`POST /2/media/upload`, `media_type` JPEG, PNG or WebP);
films and animated GIFs need an upload in pieces that X processes for a while, and a connector waits for nothing.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import requests

from connectors.base import Delivery, FilesTaken, MediaFile, RefusalReason, Refused, Reply, Unavailable, Uploaded, Way
from connectors.twitter_errors import Act
from connectors.twitter_pages import together
from connectors.twitter_translate import identifier
from connectors.twitter_transport import Api
from connectors.twitter_ways import PUBLIC_WAYS

_LARGEST = dict.fromkeys(("image/jpeg", "image/png", "image/webp"), 5 * 1024 * 1024)
IN_POST = FilesTaken(_LARGEST, Delivery.UPLOADED, most=4, longest_alternative_text=1000)
IN_DIRECT_MESSAGE = FilesTaken(_LARGEST, Delivery.UPLOADED, most=1)
"""Alternative texts are documented for the pictures of posts only."""
_SHORTEST_LIFE = timedelta(hours=1)
"""Where X does not say how long it keeps a picture nobody has posted; it usually says a day."""


def files_taken(way: Way) -> FilesTaken | None:
    """Which files may go along."""
    if way is Way.DIRECT_MESSAGE:
        return IN_DIRECT_MESSAGE
    return IN_POST if way in PUBLIC_WAYS else None


def refuse_files(reply: Reply) -> None:
    """What X would refuse about the files is refused here. Raises Refused."""
    taken = files_taken(reply.way)
    if not reply.files:
        return
    if taken is None or len(reply.files) > taken.most:
        raise _refused(f"X takes at most {taken.most if taken else 0} pictures here.")
    for file in reply.files:
        if file.content_type not in taken.largest or len(file.content) > taken.largest[file.content_type]:
            raise _refused(f"X takes JPEG, PNG and WebP of at most 5 MB here; {file.name} is something else.")
        if file.platform_id is None:
            raise _refused(f"{file.name} was not uploaded before.")


def _refused(sentence: str) -> Refused:
    return Refused(sentence, reason=RefusalReason.ATTACHMENT_REFUSED)


def upload(api: Api, file: MediaFile, way: Way, now: datetime) -> Uploaded:
    """Bring a picture, and what it shows, to X. Nobody sees it until it is posted: asking again does no harm."""
    category = "dm_image" if way is Way.DIRECT_MESSAGE else "tweet_image"
    body = {
        "media": base64.b64encode(file.content).decode("ascii"),
        "media_category": category,
        "media_type": file.content_type,
    }
    answer = api.ask("media uploads", Act.UPLOAD, now, lambda: _post(api, "/2/media/upload", body))
    data = answer.body.get("data")
    media = data if isinstance(data, dict) else {}
    media_id, lasts = identifier(media.get("id")), media.get("expires_after_secs")
    if media_id is None:
        raise Unavailable("X took the picture but named no id.", usage=answer.usage)
    usage = answer.usage
    if file.alternative_text and category == "tweet_image":
        told = {"id": media_id, "metadata": {"alt_text": {"text": file.alternative_text}}}
        said = api.ask("media metadata", Act.UPLOAD, now, lambda: _post(api, "/2/media/metadata", told))
        usage = replace(together(usage, said.usage), resources={"media_metadata": 1})
    lives = timedelta(seconds=lasts) if isinstance(lasts, int) and lasts > 0 else _SHORTEST_LIFE
    return Uploaded(media_id, now + lives, usage)


def _post(api: Api, path: str, body: Mapping[str, object]) -> requests.Response:
    """tweepy 4.17 has no method for these two; its client signs and sends whatever path it is given."""
    response: requests.Response = api.client.request("POST", path, json=body, user_auth=api.user_auth)
    return response
