"""Answering: sending, counting as the platform counts, prepared texts, and who else is writing."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from sqlalchemy.orm import Session
from starlette.datastructures import FormData, UploadFile

from inbox import attachments, canned, conversations, presence, replies
from inbox.errors import Refusal
from inbox.queries.conversation import channel_of, conversation, present
from inbox.ways import Option
from inbox.web.conversation import Unsent, done, shown, translated_for
from inbox.web.desk import MOST_FILES, Form, FormWithFiles, PageRoute, Visit, Visiting, field
from inbox.web.warmth import hints

router = APIRouter(route_class=PageRoute, include_in_schema=False)
LONGEST_DRAFT = 20_000


@router.post("/conversations/{conversation_id}/replies")
def send(visit: Visiting, conversation_id: int, form: FormWithFiles) -> Response:
    """Queues the answer, or shows it again with what stands in the way. A way of `note` writes a note instead."""
    text = field(form, "text").strip()
    chosen = field(form, "way")
    kept: list[int] = []
    try:
        kept = _kept_before(visit, form)
        kept += _kept_now(visit, form)
        if chosen == "note":
            _note(visit, conversation_id, text, kept)
        else:
            _reply(visit, conversation_id, form, text, chosen, kept)
    except Refusal as refusal:
        unsent = Unsent(text, chosen, refusal.detail, _alternatives(visit, refusal), kept)
        return shown(visit, conversation_id, unsent=unsent, status=refusal.status)
    return done(visit, conversation_id)


def _note(visit: Visit, conversation_id: int, text: str, attachment_ids: Sequence[int]) -> None:
    if attachment_ids:
        raise Refusal("A note takes no attachments. Remove them, or choose who reads the answer.", 422)
    with visit.writing() as session:
        conversations.add_note(session, conversation_id, text, visit.person.email, visit.now)


def _kept_before(visit: Visit, form: FormData) -> list[int]:
    """The files of the answer when it was shown again after a refusal, less those taken away since."""
    ids = [int(one) for one in form.getlist("attachment") if isinstance(one, str) and one.isdecimal()][:MOST_FILES]
    with visit.writing() as session:
        for one in ids:
            if described := field(form, f"alternative_text_{one}"):
                attachments.describe(session, one, described, visit.person.email)
    return ids


def _kept_now(visit: Visit, form: FormData) -> list[int]:
    """Stores the files that came along; the descriptions stand in the same order. All of them, or none."""
    files = [one for one in form.getlist("files") if isinstance(one, UploadFile) and one.filename]
    described = [one for one in form.getlist("alternative_text") if isinstance(one, str)]
    if not files:
        return []
    with visit.writing() as session:
        return [
            attachments.store(session, file.file.read(), file.filename or "", words, visit.person.email, visit.now).id
            for file, words in zip_longest(files, described[: len(files)], fillvalue="")
            if isinstance(file, UploadFile) and isinstance(words, str)
        ]


def _reply(
    visit: Visit, conversation_id: int, form: FormData, text: str, chosen: str, attachment_ids: Sequence[int]
) -> None:
    with visit.reading() as session:
        option = _option(visit, session, conversation_id, chosen)
    if option is None:
        raise Refusal("Choose who reads the answer: everybody, or this person alone.", 422)
    if field(form, "signature") == "yes" and visit.person.signature and text:
        text = f"{text}\n\n{visit.person.signature}"
    version = field(form, "seen_version")
    draft = replies.Draft(
        text,
        str(option.visibility),
        field(form, "client_key"),
        visit.person.email,
        seen_version=int(version) if version.isdecimal() else None,
        attachment_ids=attachment_ids,
    )
    with visit.writing() as session:
        replies.reply_in_parts(session, visit.runtime, conversation_id, draft, option.way, visit.now)
        presence.seen(session, conversation_id, visit.person.id, visit.now, writing=False)


def _option(visit: Visit, session: Session, conversation_id: int, way: str) -> Option | None:
    found = replies.options(session, visit.runtime.channels, conversation_id, visit.now)
    return next((option for option in found if option.way == way), None)


def _alternatives(visit: Visit, refusal: Refusal) -> list[dict[str, str]]:
    return [{"kind": one["kind"], "reason": translated_for(visit, one["reason"])} for one in refusal.alternatives]


@router.post("/conversations/{conversation_id}/measure")
def measure(visit: Visiting, conversation_id: int, form: Form) -> Response:
    """How long the text is as the platform counts, and a warmer word for a cold one."""
    text = field(form, "text")[:LONGEST_DRAFT]
    language = field(form, "language") or visit.language
    answer: dict[str, Any] = {"hints": hints(text, language)}
    with visit.reading() as session:
        option = _option(visit, session, conversation_id, field(form, "way"))
        channel = channel_of(session, conversation_id)
    if option is not None:
        signed = f"{text.strip()}\n\n{visit.person.signature}" if field(form, "signature") == "yes" else text.strip()
        length, limit = replies.measure(visit.runtime, channel, signed, option.way)
        answer |= {"length": length, "limit": limit, "left": limit - length}
    return JSONResponse(answer)


@router.get("/conversations/{conversation_id}/canned")
def prepared_texts(visit: Visiting, conversation_id: int) -> Response:
    """Every prepared text with the variables filled in; those of the customer's language first."""
    with visit.reading() as session:
        detail = conversation(session, conversation_id, visit.now)
        found = canned.in_order(session, detail.language or visit.language)
    person = detail.conversation.contact
    values = canned.values(
        name=person.name or person.handle or "",
        agent=visit.person.shown_name,
        shop=visit.runtime.settings.inbox.shop_name,
    )
    filled = [{"name": one.name, "text": canned.fill(one.text, values), "id": one.id} for one in found]
    return JSONResponse(filled)


@router.post("/canned/{response_id}/used")
def used(visit: Visiting, response_id: int, form: Form) -> Response:
    """Counts a prepared text that was inserted."""
    with visit.writing() as session:
        canned.count_use(session, response_id)
    return Response(status_code=204)


@router.post("/conversations/{conversation_id}/presence")
def note_presence(visit: Visiting, conversation_id: int, form: Form) -> Response:
    """Says that this person has the conversation open, and answers who is writing besides."""
    with visit.writing() as session:
        presence.seen(session, conversation_id, visit.person.id, visit.now, writing=field(form, "writing") == "yes")
        others = present(session, conversation_id, visit.now, besides=visit.person.id)
    writers = [one.name for one in others if one.writing]
    sentence = visit.gettext("%(who)s is answering right now.") % {"who": ", ".join(writers)} if writers else ""
    return JSONResponse({"writers": sentence})
