"""What operators draw curves of, as Prometheus text: what this process did, and how the shared database stands.

Counters are this process's own, so that Prometheus adds up several daemons; gauges are read from the database when
asked and are the same from each of them. No label ever holds a person, a text or a secret.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inbox.db import reading
from inbox.models import Account, Conversation, Message, Notice, OutboxItem, Push, Unreadable
from inbox.runtime import Runtime

UNSETTLED = ("queued", "sending", "unknown", "failed")
HEALTHS = ("ok", "reconnect", "limited", "paused", "blocked", "failing")

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
_INGESTED = Counter("zuruf_messages_ingested_total", "New messages stored.", ["channel", "door"], registry=REGISTRY)
_SENT = Counter(
    "zuruf_replies_settled_total", "Sends that ended: sent, failed, unknown.", ["channel", "origin", "state"],
    registry=REGISTRY,
)  # fmt: skip
_FAILED = Counter(
    "zuruf_platform_errors_total", "Calls to a platform that failed, by kind.", ["channel", "kind"], registry=REGISTRY
)
_POLLS = Histogram(
    "zuruf_poll_seconds", "How long one fetch from a platform took.", ["channel"], registry=REGISTRY,
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)  # fmt: skip


def ingested(channel: str, door: str, count: int) -> None:
    """New messages came in; `door` is `poll` or `push`."""
    if count:
        _INGESTED.labels(channel, door).inc(count)


def sent(channel: str, origin: str, state: str) -> None:
    """A send ended as `sent`, `failed` or `unknown`; `origin` is `agent` or `automation`."""
    _SENT.labels(channel, origin, state).inc()


def failed(channel: str, kind: str) -> None:
    """A platform refused, throttled or did not answer; `kind` is the error's name."""
    _FAILED.labels(channel, kind).inc()


def polled(channel: str, seconds: float) -> None:
    """One fetch took so long."""
    _POLLS.labels(channel).observe(seconds)


def exposition(runtime: Runtime, now: datetime) -> tuple[bytes, str]:
    """The text and its media type."""
    with reading(runtime.sessions) as session:
        gauges = list(_gauges(session, now))
    shared = CollectorRegistry()
    shared.register(_Fixed(gauges))
    return generate_latest(REGISTRY) + generate_latest(shared), CONTENT_TYPE_LATEST


class _Fixed(Collector):
    """Values that were read already."""

    def __init__(self, metrics: list[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics


def _gauges(session: Session, now: datetime) -> Iterable[Metric]:
    yield from _account_gauges(session, now)
    outbox = GaugeMetricFamily("zuruf_outbox_items", "Replies that are not settled well.", labels=["state"])
    query = select(OutboxItem.state, func.count()).where(OutboxItem.state.in_(UNSETTLED)).group_by(OutboxItem.state)
    counts = {state: count for state, count in session.execute(query)}  # noqa: C416 - a Result has keys(), dict() would take it for a mapping
    for state in UNSETTLED:
        outbox.add_metric([state], counts.get(state, 0))
    yield outbox
    for name, text, condition in (
        ("zuruf_triage_backlog", "Messages stored and not yet understood.", Message.triaged_at.is_(None)),
        ("zuruf_pushes_waiting", "Webhook bodies stored and not yet read.", Push.processed_at.is_(None)),
        ("zuruf_notices_waiting", "Notices to our own people not yet delivered.", Notice.sent_at.is_(None)),
        ("zuruf_unreadable_items", "Unreadable items nobody has settled.", Unreadable.settled_at.is_(None)),
        ("zuruf_conversations_overdue", "Conversations past their due time.", Conversation.due_at <= now),
    ):
        count = session.scalar(select(func.count()).where(condition)) or 0
        yield GaugeMetricFamily(name, text, value=count)


def _account_gauges(session: Session, now: datetime) -> Iterable[Metric]:
    health = GaugeMetricFamily("zuruf_account_health", "1 for the health an account has.", labels=["account", "health"])
    silence = GaugeMetricFamily(
        "zuruf_account_seconds_since_success", "Since the platform last answered well.", labels=["account"]
    )
    quota = GaugeMetricFamily(
        "zuruf_account_quota_used_percent", "Of the platform's allowance.", labels=["account", "quota"]
    )
    for account in session.scalars(select(Account).where(Account.configured.is_(True)).order_by(Account.name)):
        for each in HEALTHS:
            health.add_metric([account.name, each], float(account.health == each))
        since = account.last_success_at or account.connected_at
        silence.add_metric([account.name], max((now - since).total_seconds(), 0.0))
        for entry in account.quotas:
            quota.add_metric([account.name, str(entry.get("name"))], float(entry.get("used_percent") or 0))
    return (health, silence, quota)
