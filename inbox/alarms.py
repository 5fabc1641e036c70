"""Does a spike ring? The playbook's alarms, counted over the stored messages; a ringing one declares a crisis."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import structlog
from sqlalchemy import BigInteger, ColumnElement, Select, Text, cast, func, insert, or_, select, type_coerce, update
from sqlalchemy.orm import Session

from crisis_playbook import SEVERITIES, Alarm
from crisis_playbook.alarms import USUAL_OVER, Arrivals, Judged, judge, usual
from inbox import crises, events
from inbox.db import RINGING, alone, reading, writing
from inbox.models import (
    EPOCH,
    Account,
    AlarmState,
    Conversation,
    Message,
    MessageDecision,
    MessageLabel,
)
from inbox.runtime import Runtime

log = structlog.get_logger("alarms")

HOUR = 3_600_000_000
"""Microseconds."""


def ring(runtime: Runtime) -> None:
    """Count for every alarm of the playbook, and declare or raise a crisis for each that rings."""
    now = runtime.clock()
    alarms = runtime.playbook.current().alarms
    if not alarms:
        return
    with reading(runtime.sessions) as session:
        ringing = [
            (alarm, judged) for alarm in alarms.values() if (judged := _judge(session, runtime, alarm, now)).fires
        ]
    for alarm, judged in ringing:
        _declare(runtime, alarm, judged, now)


def _judge(session: Session, runtime: Runtime, alarm: Alarm, now: datetime) -> Judged:
    counted = session.execute(
        _counting(alarm.count, now - alarm.within, now, func.count(Message.id.distinct()), _people())
    ).one()
    arrivals = Arrivals(counted[0], counted[1])
    rang_at = session.execute(select(AlarmState.rang_at).where(AlarmState.alarm == alarm.name)).scalar_one_or_none()
    usually = None
    if arrivals.messages >= alarm.at_least and alarm.times_usual is not None:
        usually = _usual(session, runtime, alarm, now)
    return judge(alarm, now, arrivals, usually, rang_at)


def _people() -> ColumnElement[int]:
    """Distinct authors; those the platform does not name count as one each thread."""
    return func.count(func.coalesce(Message.contact_id, -Message.conversation_id).distinct())


def _usual(session: Session, runtime: Runtime, alarm: Alarm, now: datetime) -> float | None:
    hour = type_coerce(Message.sent_at, BigInteger) // HOUR
    rows = session.execute(
        _counting(alarm.count, now - USUAL_OVER, now - alarm.within, hour, func.count(Message.id.distinct())).group_by(
            hour
        )
    )
    by_hour = {EPOCH + timedelta(hours=int(number)): count for number, count in rows}
    since = session.execute(select(func.min(Account.connected_at))).scalar_one_or_none() or now
    return usual(by_hour, since, now, alarm.within, runtime.settings.inbox.zone)


def _counting(
    count: Mapping[str, tuple[str, ...]], after: datetime, until: datetime, *columns: ColumnElement[int]
) -> Select[int, int]:
    """What an alarm counts: customers' messages of that time to which everything under `count:` fits."""
    statement = (
        select(*columns)
        .select_from(Message)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(
            Message.sent_at > after,
            Message.sent_at <= until,
            Message.direction == "inbound",
            Message.history.is_(False),
        )
    )
    for word, wanted in count.items():
        statement = statement.where(_FITS[word](wanted))
    return statement  # type: ignore[return-value]


def _has_label(wanted: tuple[str, ...]) -> ColumnElement[bool]:
    return Message.id.in_(select(MessageLabel.message_id).where(MessageLabel.label.in_(wanted)))


def _decision(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return Message.id.in_(select(MessageDecision.message_id).where(condition))


def _by_rule(wanted: tuple[str, ...]) -> ColumnElement[bool]:
    rules = cast(MessageDecision.rules, Text)
    return _decision(or_(*[rules.contains(f'"{rule}"', autoescape=True) for rule in wanted]))


def _by_severity(wanted: tuple[str, ...]) -> ColumnElement[bool]:
    lowest = min(SEVERITIES.index(severity) for severity in wanted)
    return _decision(MessageDecision.severity.in_(SEVERITIES[lowest:]))


def _by_complaint(wanted: tuple[str, ...]) -> ColumnElement[bool]:
    levels = {*wanted, "likely"} if "possible" in wanted else set(wanted)
    return _decision(MessageDecision.complaint.in_(levels))


def _by_account(wanted: tuple[str, ...]) -> ColumnElement[bool]:
    return Message.account_id.in_(select(Account.id).where(Account.name.in_(wanted)))


_FITS: Mapping[str, Callable[[tuple[str, ...]], ColumnElement[bool]]] = {
    "label": _has_label,
    "rule": _by_rule,
    "severity_at_least": _by_severity,
    "complaint": _by_complaint,
    "account": _by_account,
    "channel": Conversation.channel.in_,
    "kind": Conversation.kind.in_,
    "visibility": Message.visibility.in_,
    "language": Conversation.language.in_,
}


def _declare(runtime: Runtime, alarm: Alarm, judged: Judged, now: datetime) -> None:
    """One crisis at a time, in all processes: a graver alarm raises the running one, another changes nothing but the
    timeline."""
    with writing(runtime.sessions) as session:
        alone(session, RINGING)
        if not _first_to_ring(session, alarm, now):
            return
        running = next(iter(crises.running(session, now)), None)
        events.record(session, "alarm_rang", now, actor="playbook", alarm=alarm.name, level=alarm.level, why=judged.why)
        if running is None:
            crises.declare(session, runtime, alarm.level, "", judged.why, "playbook", now, alarm=alarm.name)
        elif alarm.level > running.level:
            crises.raise_level(session, runtime, running.id, alarm.level, "playbook", now)
    log.warning("alarm", alarm=alarm.name, level=alarm.level, why=judged.why)


def _first_to_ring(session: Session, alarm: Alarm, now: datetime) -> bool:
    """Several processes count, one after another; the first one rings."""
    rang_at = session.execute(select(AlarmState.rang_at).where(AlarmState.alarm == alarm.name)).scalar_one_or_none()
    if rang_at is not None and rang_at > now - alarm.cooldown:
        return False
    if rang_at is None:
        session.execute(insert(AlarmState).values(alarm=alarm.name, rang_at=now))
    else:
        session.execute(update(AlarmState).where(AlarmState.alarm == alarm.name).values(rang_at=now))
    return True
