"""Files of replies: to the platform that fetches one while its reply is being sent, and to colleagues."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import APIRouter, Response

from inbox import attachments
from inbox.api.door import Now, Wired
from inbox.attachments import Stored
from inbox.db import reading
from inbox.web.desk import PageRoute, Visiting

door = APIRouter(include_in_schema=False)
"""Open to whoever holds an address nobody can guess, for minutes."""
router = APIRouter(route_class=PageRoute, include_in_schema=False)


@door.api_route("/attachments/{token}", methods=["GET", "HEAD"])
def fetch(runtime: Wired, now: Now, token: str) -> Response:
    """What a platform comes for; 404 before, afterwards and for everybody else."""
    with reading(runtime.sessions) as session:
        return _download(attachments.fetched(session, token, now))


@router.get("/conversations/{conversation_id}/attachments/{attachment_id}")
def show(visit: Visiting, conversation_id: int, attachment_id: int) -> Response:
    """A file that went along with one of our replies."""
    with visit.reading() as session:
        return _download(attachments.read(session, conversation_id, attachment_id))


def _download(file: Stored) -> Response:
    """Never shown in place, whatever a browser thinks it is."""
    named = f"attachment; filename*=UTF-8''{quote(file.name)}"
    return Response(file.content, media_type=file.content_type, headers={"Content-Disposition": named})
