"""Files in answers on Facebook and Instagram: which are taken where, and how they get there.

A private message is a text or one attachment, never both (Send API, 2026-03). Messenger takes pictures of 8 MB and
other files of 25 MB by the Attachment Upload API (saving assets, 2026-04-22); so does Instagram under Facebook Login
with `platform=instagram` (upload media for Instagram messaging, 2026-04-01). Under Instagram Login only a `url` is
documented, which Meta fetches. A comment on Facebook carries one photo as multipart `source` (object/comments; photos
of 4 MB: page/photos); comments on Instagram carry text only. A private reply is documented with a text alone, and a
refused attempt may use up the only one, so it takes no file.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import orjson

from connectors.base import (
    Delivery,
    FilesTaken,
    MediaFile,
    OutcomeUnknown,
    RefusalReason,
    Refused,
    Reply,
    Unavailable,
    Uploaded,
)
from connectors.graph import Graph
from connectors.graph_values import text_id

MIB = 1024 * 1024
UPLOAD_LIVES = timedelta(days=89)
"""An attachment id expires after 90 days (saving assets, 2026-04-22)."""

COMMENT_PHOTO = FilesTaken({"image/jpeg": 4 * MIB, "image/png": 4 * MIB, "image/gif": 4 * MIB}, Delivery.WITHIN)
MESSENGER_FILE = FilesTaken(
    {
        "image/jpeg": 8 * MIB,
        "image/png": 8 * MIB,
        "image/gif": 8 * MIB,
        "video/mp4": 25 * MIB,
        "application/pdf": 25 * MIB,
    },
    Delivery.UPLOADED,
    with_text=False,
)
INSTAGRAM_THROUGH_PAGE = FilesTaken(MESSENGER_FILE.largest, Delivery.UPLOADED, with_text=False)
INSTAGRAM_LOGIN = FilesTaken(
    {"image/jpeg": 8 * MIB, "image/png": 8 * MIB, "video/mp4": 25 * MIB, "application/pdf": 25 * MIB},
    Delivery.FETCHED,
    with_text=False,
)


def refuse_files(reply: Reply, taken: FilesTaken | None) -> None:
    """What the platform would refuse about the files is refused here. Raises Refused."""
    if not reply.files:
        return
    if taken is None:
        raise _refused("answers of this way carry text only")
    if len(reply.files) > taken.most:
        raise _refused(f"one message carries {taken.most} file at most; send several messages")
    if reply.text.strip() and not taken.with_text:
        raise _refused("a private message carries a text or an attachment, not both; send two messages")
    for file in reply.files:
        if file.content_type not in taken.largest:
            raise _refused(f"{file.content_type} is not taken here")
        if len(file.content) > taken.largest[file.content_type]:
            raise _refused(f"{file.name} is larger than {taken.largest[file.content_type] // MIB} MB")


def _refused(sentence: str) -> Refused:
    return Refused(sentence, reason=RefusalReason.ATTACHMENT_REFUSED, code="attachment")


def kind_of(content_type: str) -> str:
    """Meta's word for what a file is."""
    kind = content_type.partition("/")[0]
    return kind if kind in ("image", "video", "audio") else "file"


def private_attachment(file: MediaFile) -> Mapping[str, object]:
    """`message.attachment` of the Send API: what was uploaded before, or what Meta fetches."""
    given = {"attachment_id": file.platform_id} if file.platform_id else {"url": file.fetch_url}
    return {"type": kind_of(file.content_type), "payload": given}


def upload_privately(graph: Graph, path: str, file: MediaFile, now: datetime, *, platform: str | None) -> Uploaded:
    """The Attachment Upload API. Nobody sees what was uploaded: a lost answer is no doubt."""
    message = {"attachment": {"type": kind_of(file.content_type), "payload": {"is_reusable": True}}}
    files = {"filedata": (file.name, file.content, file.content_type)}
    try:
        got = graph.post(path, now, files, message=orjson.dumps(message).decode(), platform=platform)
    except OutcomeUnknown as error:
        raise Unavailable(str(error), code=error.code, usage=error.usage) from None
    attachment_id = text_id(got.body.get("attachment_id"))
    if attachment_id is None:
        raise Unavailable("the answer to an upload names no attachment", code="no id", usage=got.usage)
    return Uploaded(attachment_id, now + UPLOAD_LIVES, got.usage)
