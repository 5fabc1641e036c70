"""A manager's own work on the playbook: drafts that are changed and discarded, reviews that send them back, and what
was said about a version on its way.

A draft belongs to its author until a review is asked for. Whatever is said about a version is an event of the
timeline, so nothing is lost when the version is published.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

import crisis_playbook
from inbox import events, playbooks
from inbox.errors import Refusal
from inbox.models import Event, PlaybookFiles, PlaybookVersion
from inbox.playbooks import as_bytes

SAID = ("playbook_review_asked", "playbook_sent_back", "playbook_published", "playbook_backtested")
COLUMNS = (
    PlaybookVersion.id, PlaybookVersion.hash, PlaybookVersion.status, PlaybookVersion.author,
    PlaybookVersion.reviewer, PlaybookVersion.reason, PlaybookVersion.created_at, PlaybookVersion.published_at,
)  # fmt: skip
MOST_SAID = 1000
"""How many of the newest events about playbooks are looked through."""


@dataclass(frozen=True, slots=True)
class VersionLine:
    """One line of the history."""

    number: int
    hash: str
    status: str
    author: str
    reviewer: str | None
    reason: str
    created_at: datetime
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class Version(VersionLine):
    """One version with what its files say."""

    files: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that happened to a version: `kind` is one of SAID."""

    kind: str
    at: datetime
    actor: str | None
    data: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Attention:
    """What a manager should know on every page."""

    mistakes: tuple[str, ...]
    """Why the files in the playbook directory are not in force: `file:line: what; fix`."""
    reviews: int
    """Versions of others that wait for a review."""


def history(session: Session, *, at_most: int = 200) -> list[VersionLine]:
    """The newest versions without their files, newest first; discarded drafts are left out."""
    query = select(*COLUMNS).where(PlaybookVersion.status != "discarded").order_by(PlaybookVersion.id.desc())
    return [VersionLine(*row) for row in session.execute(query.limit(at_most))]


def version(session: Session, number: int) -> Version:
    """One version; raises NotThere."""
    return _version(playbooks.version(session, number))


def in_force(session: Session) -> Version | None:
    """The version in force; None before the first."""
    row = playbooks.active(session)
    return _version(row) if row is not None else None


def open_draft(session: Session, author: str) -> Version | None:
    """What this person is working on: their newest draft that is not in review."""
    row = session.scalars(
        select(PlaybookVersion)
        .where(PlaybookVersion.author == author, PlaybookVersion.status == "draft")
        .order_by(PlaybookVersion.id.desc())
        .limit(1)
    ).first()
    return _version(row) if row is not None else None


def _version(row: PlaybookVersion) -> Version:
    return Version(
        row.id, row.hash, row.status, row.author, row.reviewer, row.reason, row.created_at, row.published_at,
        dict(row.files),
    )  # fmt: skip


def before(session: Session, shown: VersionLine) -> Version | None:
    """The version that was in force before this one came; None for the first."""
    if shown.published_at is None:
        return None
    row = session.scalars(
        select(PlaybookVersion)
        .where(PlaybookVersion.published_at < shown.published_at, PlaybookVersion.id != shown.number)
        .order_by(PlaybookVersion.published_at.desc(), PlaybookVersion.id.desc())
        .limit(1)
    ).first()
    return _version(row) if row is not None else None


def out_of_line(session: Session) -> bool:
    """Whether the files in the playbook directory, as last seen, say something else than the version in force."""
    seen = session.scalars(select(PlaybookFiles.hash).limit(1)).first()
    row = playbooks.active(session)
    return seen is not None and row is not None and seen != row.hash


def must_be_the_author(session: Session, number: int, person: str) -> None:
    """Raises Refusal (403) for what only the author of a version may do."""
    if playbooks.version(session, number).author != person:
        raise Refusal("Only who wrote a draft can ask for its review.", 403)


def save(
    session: Session,
    files: Mapping[str, str],
    reason: str,
    actor: str,
    now: datetime,
    *,
    expected: str | None = None,
) -> int:
    """Keep what a person wrote in their open draft, or begin one; returns its number. Judges nothing.

    `expected` is the content hash the draft had when the person began to edit: Refusal (409) where it has changed
    since, in another window, say. An empty `reason` leaves the one given before.
    """
    opened = open_draft(session, actor)
    if opened is None:
        return playbooks.save_draft(session, files, actor, reason, now)
    row = playbooks.version(session, opened.number)
    if expected is not None and expected != row.hash:
        raise Refusal("Your draft was changed in another window meanwhile. Compare the two before you save.", 409)
    row.files = dict(files)
    row.hash = crisis_playbook.content_hash(as_bytes(files))
    row.reason = reason[:1000] or row.reason
    return row.id


def discard(session: Session, number: int, actor: str, now: datetime) -> None:
    """Lay one's own draft aside. It stays in the history, and is offered no more."""
    row = playbooks.version(session, number)
    if row.status != "draft":
        raise Refusal(f"Version {number} is {row.status}; only a draft can be discarded.", 409)
    if row.author != actor:
        raise Refusal("Only who wrote a draft can discard it.", 403)
    row.status = "discarded"
    events.record(session, "playbook_discarded", now, actor=actor, version=number)


def send_back(session: Session, number: int, note: str, actor: str, now: datetime) -> None:
    """The second person is not convinced: it is a draft of its author again, with a note that says why."""
    row = playbooks.version(session, number)
    if row.status != "review":
        raise Refusal(f"Version {number} is {row.status}; only a version in review can be sent back.", 409)
    if not note.strip():
        raise Refusal("Sending back needs a note: what should the author change?", 422)
    row.status = "draft"
    events.record(session, "playbook_sent_back", now, actor=actor, version=number, note=note.strip()[:2000])


def remarks(session: Session, number: int) -> list[Remark]:
    """What was said about a version, oldest first."""
    rows = session.scalars(select(Event).where(Event.kind.in_(SAID)).order_by(Event.id.desc()).limit(MOST_SAID))
    found = [Remark(row.kind, row.at, row.actor, row.data) for row in rows if row.data.get("version") == number]
    return found[::-1]


def attention(session: Session, person: str) -> Attention:
    """What is wrong with the files in the directory, and how many reviews wait for this person."""
    problem = playbooks.problem(session)
    waiting = select(func.count()).where(PlaybookVersion.status == "review", PlaybookVersion.author != person)
    reviews: int = session.execute(waiting.select_from(PlaybookVersion)).scalar_one()
    return Attention(tuple(problem.mistakes) if problem else (), reviews)
