"""Versions of the playbook: kept, checked, published, and the one in force.

A version is what its files said, with a content hash that every decision carries. Publishing is one transaction; each
process notices within a second. Files that do not pass leave the good version in force and say so everywhere.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from stat import S_ISDIR

import structlog
from sqlalchemy import Select, delete, insert, select, update
from sqlalchemy.orm import Session

import crisis_playbook
from crisis_playbook import Playbook, PlaybookErrors
from inbox import events
from inbox.clock import Clock
from inbox.db import reading, writing
from inbox.errors import NotThere, Refusal
from inbox.models import PlaybookFiles, PlaybookProblem, PlaybookVersion
from inbox.runtime import Sessions

log = structlog.get_logger("playbook")

LOOK_EVERY = timedelta(seconds=1)
SHIPPED_BY = "zuruf"


class NoPlaybook(Exception):
    """No version is in force yet."""


@dataclass(slots=True)
class PlaybookInForce:
    """The active playbook, loaded once and swapped whole when another version becomes active."""

    sessions: Sessions
    clock: Clock
    templates: frozenset[str]
    _playbook: Playbook | None = None
    _version: int | None = None
    _looked_at: datetime | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def current(self) -> Playbook:
        """The playbook in force; looks for a newer one at most once a second. Raises NoPlaybook before the first."""
        now = self.clock()
        with self._lock:
            if self._looked_at is None or not timedelta(0) <= now - self._looked_at < LOOK_EVERY:
                self._look(now)
            if self._playbook is None:
                raise NoPlaybook("No playbook is in force. Publish one: ./run playbook publish crisis_playbook/rules")
            return self._playbook

    def look(self) -> None:
        """Look for a newer one now. Raises NoPlaybook like `current`."""
        with self._lock:
            self._look(self.clock())

    def _look(self, now: datetime) -> None:
        self._looked_at = now
        with reading(self.sessions) as session:
            newest = session.execute(_active()).scalar_one_or_none()
            if newest is None or newest == self._version:
                return
            files = session.get_one(PlaybookVersion, newest).files
        try:
            self._playbook, self._version = load_files(files, self.templates), newest
        except PlaybookErrors as error:
            # Written by another release of Zuruf, say: what was in force stays in force.
            log.exception("the active playbook version cannot be loaded", version=newest, mistakes=str(error))
            if self._playbook is None:
                raise NoPlaybook(f"The active playbook cannot be loaded: {error}") from error


def _active() -> Select[int]:
    return (
        select(PlaybookVersion.id)
        .where(PlaybookVersion.status == "active")
        .order_by(PlaybookVersion.id.desc())
        .limit(1)
    )


def as_bytes(files: Mapping[str, str]) -> dict[str, bytes]:
    """The files as the loader and the content hash want them."""
    return {name: content.encode("utf-8") for name, content in files.items()}


def read_files(directory: Path) -> dict[str, str]:
    """The playbook files of a directory, by name. Raises PlaybookErrors where there are none or one is not UTF-8."""
    files = {}
    for name, content in crisis_playbook.read_files(directory).items():
        try:
            files[name] = content.decode("utf-8")
        except UnicodeDecodeError as error:
            line = content[: error.start].count(b"\n") + 1
            mistake = crisis_playbook.Mistake(name, line, "the file is not UTF-8", "save it as UTF-8")
            raise PlaybookErrors([mistake]) from None
    return files


def write_files(files: Mapping[str, str], directory: Path) -> None:
    """Put a version's files into a directory, byte for byte."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in as_bytes(files).items():
        (directory / Path(name).name).write_bytes(content)


def load_files(files: Mapping[str, str], templates: frozenset[str] | None = None) -> Playbook:
    """A playbook from the texts of its files. Raises PlaybookErrors."""
    return crisis_playbook.load_files(as_bytes(files), templates)


def check_files(
    files: Mapping[str, str], templates: frozenset[str] | None = None, scenarios: Path | None = None
) -> crisis_playbook.Report:
    """Everything that must hold before a version may be published: schema, names, examples, and where a directory of
    scenarios is named, those."""
    with tempfile.TemporaryDirectory(prefix="zuruf-playbook-") as folder:
        rules = Path(folder) / "rules"
        write_files(files, rules)
        write_files(read_scenarios(scenarios), Path(folder) / "scenarios")
        return crisis_playbook.check(rules, templates)


def read_scenarios(directory: Path | None) -> dict[str, str]:
    """The scenario files of a directory by name; none where it does not exist. What is not UTF-8 shows as such."""
    paths = sorted(directory.glob("*.y*ml")) if directory is not None and directory.is_dir() else []
    return {path.name: path.read_bytes().decode("utf-8", "replace") for path in paths}


def save_draft(session: Session, files: Mapping[str, str], author: str, reason: str, now: datetime) -> int:
    """Keep a version without judging it; returns its number."""
    number: int = session.execute(
        insert(PlaybookVersion)
        .values(
            hash=crisis_playbook.content_hash(as_bytes(files)),
            files=dict(files),
            status="draft",
            author=author,
            reason=reason[:1000],
            created_at=now,
        )
        .returning(PlaybookVersion.id)
    ).scalar_one()
    return number


def ask_for_review(session: Session, version: int, actor: str, now: datetime, reason: str = "") -> None:
    """The author asks a second person to look; a reason given here replaces the draft's own."""
    row = _get(session, version)
    if row.status != "draft":
        raise Refusal(f"Version {version} is {row.status}; only a draft can be put up for review.", 409)
    row.status = "review"
    row.reason = reason[:1000] or row.reason
    events.record(session, "playbook_review_asked", now, actor=actor, version=version, reason=row.reason)


def publish(
    session: Session,
    version: int,
    actor: str,
    now: datetime,
    *,
    templates: frozenset[str] | None,
    second_person: bool,
    scenarios: Path | None = None,
) -> None:
    """Put a version in force, if it passes every check (with the scenarios of a directory, where one is named) and,
    where configured, somebody else than its author asks. Raises Refusal otherwise."""
    row = _get(session, version)
    if row.status not in ("draft", "review"):
        raise Refusal(f"Version {version} is {row.status}; only a draft or a version in review can be published.", 409)
    if second_person and row.author == actor:
        raise Refusal("Two pairs of eyes: somebody else has to publish what you wrote.", 403)
    if row.hash == hash_in_force(session):
        raise Refusal("There is nothing to publish: the version in force says the same, word for word.", 409)
    report = check_files(row.files, templates, scenarios)
    if not report.ok:
        raise Refusal("It does not pass:\n" + "\n".join(str(mistake) for mistake in report.mistakes[:5]), 422)
    _put_in_force(session, row, actor, now)


def _put_in_force(session: Session, row: PlaybookVersion, actor: str, now: datetime) -> None:
    session.execute(update(PlaybookVersion).where(PlaybookVersion.status == "active").values(status="retired"))
    row.status, row.published_at = "active", now
    row.reviewer = actor if actor != row.author and "@" in actor else None
    events.record(session, "playbook_published", now, actor=actor, version=row.id, hash=row.hash)
    log.info("playbook published", version=row.id, by=actor, hash=row.hash[:12])


def roll_back(session: Session, version: int, actor: str, now: datetime, *, templates: frozenset[str] | None) -> int:
    """Publish what an earlier version said, as a new version; returns its number.

    Only for what was in force once: everything else has to pass a second person where one is configured. Scenarios
    are not run, so that the way back stays open in an emergency.
    """
    earlier = _get(session, version)
    if earlier.published_at is None:
        raise Refusal(f"Version {version} has never been in force; publish it instead.", 409)
    if earlier.status == "active":
        raise Refusal(f"Version {version} is in force already.", 409)
    number = save_draft(session, earlier.files, earlier.author, f"back to version {version}", now)
    publish(session, number, actor, now, templates=templates, second_person=False)
    return number


def hash_in_force(session: Session) -> str | None:
    """The content hash of the version in force; None before the first."""
    found: str | None = session.scalars(
        select(PlaybookVersion.hash)
        .where(PlaybookVersion.status == "active")
        .order_by(PlaybookVersion.id.desc())
        .limit(1)
    ).first()
    return found


def version(session: Session, number: int) -> PlaybookVersion:
    """One version; raises NotThere."""
    return _get(session, number)


def _get(session: Session, version: int) -> PlaybookVersion:
    row = session.get(PlaybookVersion, version)
    if row is None:
        raise NotThere(f"playbook version {version}")
    return row


def versions(session: Session) -> list[PlaybookVersion]:
    """Every version, newest first."""
    return list(session.scalars(select(PlaybookVersion).order_by(PlaybookVersion.id.desc()).limit(200)))


def active(session: Session) -> PlaybookVersion | None:
    """The version in force."""
    return session.scalars(
        select(PlaybookVersion).where(PlaybookVersion.status == "active").order_by(PlaybookVersion.id.desc()).limit(1)
    ).first()


def follow_directory(
    sessions: Sessions, directory: Path, templates: frozenset[str], now: datetime, *, second_person: bool
) -> bool:
    """Publish the directory's files when they differ from what was last seen there; True when something happened.

    What was published on a page stays in force until the files change again, also after a restart. With a second
    person configured, changed files become a version for review. Files that do not pass are remembered as the problem
    to show and leave the version in force alone; they are judged again when they, the scenarios beside them or the
    reply templates change.
    """
    try:
        files = read_files(directory)
        digest = crisis_playbook.content_hash(as_bytes(files))
    except PlaybookErrors as error:
        files, digest = {}, hashlib.sha256(str(error).encode()).hexdigest()
    judged = _judged_hash(digest, directory, templates)
    with reading(sessions) as session:
        shown, seen = problem(session), session.scalars(select(PlaybookFiles.hash).limit(1)).first()
        first = active(session) is None
    if shown.hash == judged if shown is not None else seen == digest and not first:
        return False
    report = crisis_playbook.check(directory, templates)
    with writing(sessions) as session:
        if not report.ok:
            _refuse(session, judged, [str(mistake) for mistake in report.mistakes], now)
            return True
        session.execute(delete(PlaybookProblem))
        if _take_note(session, digest, now) and not first:
            return True
        number = save_draft(session, files, SHIPPED_BY if first else "files", f"read from {directory.name}", now)
        if second_person and not first:
            ask_for_review(session, number, "files", now)
        else:
            _put_in_force(session, _get(session, number), "files", now)
    return True


def stamp(directory: Path, templates: Path) -> object:
    """Name, size and time of every file on which it depends whether a directory passes: equal while none changed."""
    scenarios = crisis_playbook.scenario_directory(directory)
    languages: list[Path | str] = [path for path, status in _entries(templates).items() if S_ISDIR(status.st_mode)]
    found = [
        (path, status.st_size, status.st_mtime_ns, status.st_ino)
        for folder in [directory, scenarios, *languages]
        for path, status in _entries(folder).items()
        if path.endswith((".yml", ".yaml", ".txt"))
    ]
    return sorted(found)


def _entries(folder: Path | str) -> dict[str, os.stat_result]:
    """What lies in a folder by path; nothing where it is none, and without what vanishes meanwhile."""
    entries = {}
    with suppress(OSError), os.scandir(folder) as found:
        for entry in found:
            with suppress(OSError):
                entries[entry.path] = entry.stat()
    return entries


def _judged_hash(digest: str, directory: Path, templates: frozenset[str]) -> str:
    """Everything on which it depends whether a directory's files pass."""
    scenarios = as_bytes(read_scenarios(crisis_playbook.scenario_directory(directory)))
    everything = [digest, crisis_playbook.content_hash(scenarios), *sorted(templates)]
    return hashlib.sha256("\n".join(everything).encode()).hexdigest()


def _refuse(session: Session, judged: str, mistakes: list[str], now: datetime) -> None:
    session.execute(delete(PlaybookProblem))
    session.execute(insert(PlaybookProblem).values(hash=judged, mistakes=mistakes, seen_at=now))
    events.record(session, "playbook_refused", now, actor="daemon", mistakes=mistakes[:5])
    log.error("the playbook files do not pass; the version in force stays", mistakes=mistakes[:5])


def _take_note(session: Session, digest: str, now: datetime) -> bool:
    """Remember what the directory says now. True where that is nothing new: it said so before, it is in force already,
    or a version was published by hand before anybody looked at the directory."""
    row = session.scalars(select(PlaybookFiles).limit(1).with_for_update()).first()
    in_force = active(session)
    if row is None:
        session.add(PlaybookFiles(hash=digest, seen_at=now))
        return in_force is not None
    known = row.hash == digest or (in_force is not None and in_force.hash == digest)
    row.hash, row.seen_at = digest, now
    return known


def problem(session: Session) -> PlaybookProblem | None:
    """Why the files in the directory are not in force, if they are not."""
    return session.scalars(select(PlaybookProblem).limit(1)).first()
