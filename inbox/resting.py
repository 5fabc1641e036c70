"""How long a stream is silent after a platform asked for it, and which others are silent with it.

Platforms count calls by allowance: of an app, of one kind of list, of one use case. Streams that draw on the same
allowance wait together, and no stream asks by a side door for what another one was told to leave alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from connectors.base import Quota, RateLimited
from connectors.base import Stream as Plan
from inbox.accounts import STOP_AT
from inbox.models import Account, Stream

SILENCE = timedelta(seconds=60)
"""A limit without a time means at least this much silence, more each time."""
LONGEST_SILENCE = timedelta(hours=1)
_MOST_DOUBLINGS = 10


def silence(error: RateLimited, times: int, now: datetime) -> timedelta:
    """Until the told time, or ever longer: `times` counts how often this happened in a row, from 1."""
    if error.until is not None and error.until > now:
        return error.until - now
    return min(SILENCE * (1 << min(max(times, 1) - 1, _MOST_DOUBLINGS)), LONGEST_SILENCE)


def spread(
    session: Session, account: Account, stream: Stream, plans: Sequence[Plan], error: RateLimited, until: datetime
) -> None:
    """Silence every stream the limit concerns besides the one that met it; all and the writes where it is everything.

    They count it too, so that the next silence is longer whoever is told to wait again.
    """
    others = [Stream.account_id == account.id, Stream.id != stream.id]
    if error.whole_account:
        account.writes_not_before = max(account.writes_not_before or until, until)
    else:
        told = error.allowances or {_allowance(plans, stream.name)}
        others.append(Stream.name.in_([plan.name for plan in plans if plan.allowance and plan.allowance in told]))
    session.execute(update(Stream).where(*others, Stream.next_poll_at < until).values(next_poll_at=until))
    counts = {"failures": stream.failures, "times_limited": stream.times_limited}
    session.execute(update(Stream).where(*others, Stream.times_limited < stream.times_limited).values(**counts))


def resting(session: Session, account: Account, plans: Sequence[Plan], now: datetime) -> frozenset[str]:
    """The allowances to leave alone: those of streams that fail and wait, and those the platform calls used up."""
    waiting = session.scalars(
        select(Stream.name).where(
            Stream.account_id == account.id, Stream.active.is_(True), Stream.failures > 0, Stream.next_poll_at > now
        )
    ).all()
    used_up = {
        quota["name"]
        for quota in account.quotas or []
        if quota["used_percent"] >= STOP_AT and quota["resets_at"] and datetime.fromisoformat(quota["resets_at"]) > now
    }
    return frozenset({_allowance(plans, name) for name in waiting} | used_up) - {""}


def concerning(quotas: Sequence[Quota], plans: Sequence[Plan], name: str) -> list[Quota]:
    """Of the quotas an answer told, those this stream draws on: where its own is among them, the ones that are other
    streams' are not."""
    own = _allowance(plans, name)
    if own not in {quota.name for quota in quotas}:
        return list(quotas)
    foreign = {plan.allowance for plan in plans} - {own}
    return [quota for quota in quotas if quota.name not in foreign]


def _allowance(plans: Sequence[Plan], name: str) -> str:
    return next((plan.allowance for plan in plans if plan.name == name), "")
