"""Every kind of work the daemon does, and when it is due. Read this to know what runs."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import ColumnElement, and_, or_

from inbox import (
    alarms,
    conversations,
    deafness,
    due_times,
    logins,
    messages,
    notices,
    outbox,
    playbooks,
    poll,
    push,
    reconcile,
    retention,
    triage,
)
from inbox.claims import Now
from inbox.db import writing
from inbox.models import Message, Notice, OutboxItem, Pointer, Push, Stream
from inbox.rounds import Round
from inbox.runtime import Runtime
from inbox.ticker import Unit, any_row


def _unclaimed(model: type[Stream | OutboxItem | Notice | Push], now: Now) -> ColumnElement[bool]:
    return or_(model.claimed_until.is_(None), model.claimed_until <= now)


UNITS = (
    Unit(
        "poll",
        poll.poll_one,
        lambda now: any_row(Stream.active.is_(True), Stream.next_poll_at <= now, _unclaimed(Stream, now)),
        threads=4,
        threads_an_account=2,
    ),
    Unit("push", push.drain_one, lambda now: any_row(Push.processed_at.is_(None), _unclaimed(Push, now))),
    Unit("triage", triage.triage_one, lambda _now: any_row(Message.triaged_at.is_(None))),
    Unit(
        "dispatch",
        outbox.dispatch_one,
        lambda now: any_row(
            OutboxItem.state == "queued",
            OutboxItem.not_before <= now,
            OutboxItem.needs_approval.is_(False),
        ),
        threads=4,
        threads_an_account=2,
    ),
    Unit(
        "reconcile",
        reconcile.reconcile_one,
        lambda now: any_row(
            or_(
                and_(OutboxItem.state == "unknown", OutboxItem.not_before <= now),
                and_(OutboxItem.state == "sending", OutboxItem.claimed_until <= now),
            )
        ),
        threads=2,
        threads_an_account=1,
    ),
    Unit("look-again", poll.look_again_one, lambda now: any_row(Message.look_again_at <= now), threads_an_account=1),
    Unit("look-at", poll.look_at_one, lambda now: any_row(Pointer.due_at <= now)),
    Unit(
        "hide",
        messages.carry_out_one,
        lambda now: any_row(Message.hide_wanted.is_not(None), Message.hide_due_at <= now),
    ),
    Unit(
        "notify",
        notices.notify_one,
        lambda now: any_row(*notices.waiting(now), _unclaimed(Notice, now)),
    ),
)


def wake_and_breach(runtime: Runtime) -> None:
    """Bring back what was snoozed until now, note clocks that have run out, and read on after this machine's was put
    back."""
    now = runtime.clock()
    with writing(runtime.sessions) as session:
        poll.follow_clock(session, now)
        while conversations.wake_due(session, now):
            pass
        while triage.note_breaches(session, now):
            pass


def follow_files(runtime: Runtime) -> None:
    """Publish the playbook files when they changed and pass."""
    settings = runtime.settings.playbook
    if not settings.watch:
        return
    stamp = playbooks.stamp(settings.directory, settings.templates)
    if stamp != runtime.files_seen:
        playbooks.follow_directory(
            runtime.sessions,
            settings.directory,
            runtime.wording.names(),
            runtime.clock(),
            second_person=settings.second_person,
        )
        runtime.files_seen = stamp
        runtime.playbook.look()


def clean_up(runtime: Runtime) -> None:
    """Remove what is kept no longer, batch by batch."""
    while retention.retire_one(runtime):
        pass


ROUNDS = (
    Round("clocks", wake_and_breach, timedelta(seconds=5)),
    Round("due times", due_times.follow_targets, timedelta(seconds=1), still=timedelta(seconds=10)),
    Round("playbook files", follow_files, timedelta(seconds=1)),
    Round("alarms", alarms.ring, timedelta(seconds=10), still=timedelta(minutes=1)),
    Round("deafness", deafness.listen, timedelta(minutes=10)),
    Round("logins", logins.keep_fresh, timedelta(minutes=1)),
    Round("retention", clean_up, timedelta(hours=1)),
)

CLAIMED = (Stream, OutboxItem, Push, Notice)
"""The models whose rows are claimed; a restart frees what dead processes held."""
