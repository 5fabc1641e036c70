"""What the house itself holds: canned responses, labels in use, and the playbook in force."""

from __future__ import annotations

from sqlalchemy import Integer, Select, bindparam, func, select
from sqlalchemy.orm import Session

from inbox.models import CannedResponse, ConversationLabel, PlaybookProblem, PlaybookVersion
from inbox.queries.house_views import CannedResponseView, PlaybookNow


def _labels_in_use() -> Select[str]:
    first = select(func.min(ConversationLabel.label).label("label")).cte("labels", recursive=True)
    following = select(func.min(ConversationLabel.label)).where(ConversationLabel.label > first.c.label)
    labels = first.union_all(select(following.scalar_subquery()).where(first.c.label.is_not(None)))
    return (
        select(labels.c.label)
        .where(labels.c.label.is_not(None))
        .order_by(labels.c.label)
        .limit(bindparam("most", type_=Integer))
    )


LABELS_IN_USE = _labels_in_use()


def canned_responses(session: Session, *, language: str | None = None) -> list[CannedResponseView]:
    """The texts people insert by `/name`, most used first; of one language where it is named."""
    query = select(CannedResponse).order_by(CannedResponse.uses.desc(), CannedResponse.name, CannedResponse.language)
    if language is not None:
        query = query.where(CannedResponse.language == language)
    return [CannedResponseView(row.id, row.name, row.language, row.text, row.uses) for row in session.scalars(query)]


def labels_in_use(session: Session, *, at_most: int = 200) -> list[str]:
    """Every label some conversation carries, in alphabetical order. Jumps from label to label through the index."""
    return list(session.scalars(LABELS_IN_USE, {"most": at_most}))


def playbook_now(session: Session) -> PlaybookNow:
    """The published version in force, and what keeps the files in the directory from being it."""
    active = session.scalar(
        select(PlaybookVersion).where(PlaybookVersion.status == "active").order_by(PlaybookVersion.id.desc()).limit(1)
    )
    problem = session.scalar(select(PlaybookProblem).order_by(PlaybookProblem.id.desc()).limit(1))
    return PlaybookNow(
        version=active.id if active else None,
        hash=active.hash if active else None,
        author=active.author if active else None,
        published_at=active.published_at if active else None,
        problems=problem.mistakes if problem else [],
    )
