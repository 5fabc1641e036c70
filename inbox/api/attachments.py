"""Attachments over JSON: uploaded first, then named in a reply."""

from __future__ import annotations

from typing import Annotated, Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Query
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from inbox import attachments as verbs
from inbox.api.door import Id, Now, Reader, Wired, Writer
from inbox.api.problems import UNREADABLE_OR_LARGE, documented
from inbox.db import reading, writing
from inbox.queries.attachments import file
from inbox.queries.reply_views import FileView
from inbox.runtime import Runtime

router = APIRouter(prefix="/attachments", tags=["attachments"])

BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "alternative_text": {"type": "string", "maxLength": verbs.LONGEST_ALTERNATIVE_TEXT},
                    },
                }
            },
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}


@router.post("", status_code=201, responses=documented(*UNREADABLE_OR_LARGE, 401, 422), openapi_extra=BODY)
async def upload(
    runtime: Wired,
    now: Now,
    caller: Writer,
    request: Request,
    name: Annotated[str, Query(max_length=400, description="For a raw body: what the file is called.")] = "",
    alternative_text: Annotated[
        str,
        Query(max_length=verbs.LONGEST_ALTERNATIVE_TEXT, description="What a picture shows, for who cannot see it."),
    ] = "",
) -> FileView:
    """Keeps a picture or file for a reply of the same caller: as multipart `file`, or as the raw body. What it is, is
    told from its bytes; the place and names a camera wrote into a picture are taken out. It goes after a day unless a
    reply names it."""
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        form = await request.form(max_files=1, max_fields=5)
        given, described = form.get("file"), form.get("alternative_text")
        if not isinstance(given, UploadFile):
            raise HTTPException(422, "The multipart body needs a part `file` that holds the attachment.")
        content, name = await given.read(), given.filename or name
        alternative_text = described if isinstance(described, str) else alternative_text
    else:
        content = await request.body()

    def keep(runtime: Runtime) -> FileView:
        with writing(runtime.sessions) as session:
            kept = verbs.store(session, content, name, alternative_text, caller.name, now)
            return file(session, kept.id, caller.name)

    return await run_sync(keep, runtime)


@router.get("/{attachment_id}", responses=documented(401, 404, 422))
def read_attachment(runtime: Wired, caller: Reader, attachment_id: Id) -> FileView:
    """What the same caller uploaded, without its bytes."""
    with reading(runtime.sessions) as session:
        return file(session, attachment_id, caller.name)
