"""Files given to us for replies: what they are, never their bytes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from inbox.errors import NotThere
from inbox.models import Attachment
from inbox.queries.reply_views import FileView

_COLUMNS = select(
    Attachment.id,
    Attachment.outbox_id,
    Attachment.name,
    Attachment.content_type,
    Attachment.size,
    Attachment.alternative_text,
    Attachment.created_at,
    Attachment.content.is_not(None).label("kept"),
)


def files_of(session: Session, item_ids: Sequence[int]) -> dict[int, list[FileView]]:
    """The files of these replies in their order, by outbox id."""
    found: dict[int, list[FileView]] = defaultdict(list)
    if item_ids:
        query = _COLUMNS.where(Attachment.outbox_id.in_(item_ids)).order_by(Attachment.position, Attachment.id)
        for row in session.execute(query):
            found[row.outbox_id].append(_view(row))
    return found


def unused_files(session: Session, ids: Sequence[int], actor: str) -> list[FileView]:
    """Those of these files that this person or program may still send, in the order asked."""
    query = _COLUMNS.where(Attachment.id.in_(ids), Attachment.outbox_id.is_(None), Attachment.uploaded_by == actor)
    found = {row.id: _view(row) for row in session.execute(query)} if ids else {}
    return [found[one] for one in dict.fromkeys(ids) if one in found]


def file(session: Session, attachment_id: int, actor: str) -> FileView:
    """One file of this person or program. Raises NotThere."""
    query = _COLUMNS.where(Attachment.id == attachment_id, Attachment.uploaded_by == actor)
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotThere(f"attachment {attachment_id}")
    return _view(row)


def _view(row: Any) -> FileView:
    return FileView(row.id, row.name, row.content_type, row.size, row.alternative_text, row.created_at, bool(row.kept))
