"""Signed-in accounts: brought in from the configuration, their health, what they use and what it costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, bindparam, delete, insert, or_, select, update
from sqlalchemy.orm import Session

from connectors.base import ConnectorError, Inspection, LoginExpired, Misconfigured, RateLimited, Usage, WritesBlocked
from connectors.base import Stream as StreamPlan
from inbox import events
from inbox.models import Account, AccountUsage, ChargedResource, Silence, Stream, table
from inbox.secrets_at_rest import fingerprint

STOP_AT = 95
"""Percent of a platform's allowance from which nothing is asked until it is renewed."""
FAILURES_OF_WEATHER = 1
LONGEST_PROBLEM = 1000
FIRST_IMPORT = timedelta(days=30)
"""How far back the first import reaches."""
WORTH_TELLING = {
    "ok": "Everything works.",
    "reconnect": "The platform refuses our login. Renew the token in the configuration, then restart. It says: ",
    "limited": "The platform asked us to wait. ",
    "paused": "Paused by a person.",
    "blocked": "The platform asked us to stop writing; nothing is sent until a person lifts this. It says: ",
    "failing": "The platform cannot be reached or does not answer as it should. Last error: ",
}


def locked(session: Session, account_id: int) -> Account:
    """The account as it is now, nobody else's to change until the transaction ends. Rows that name it may be written
    meanwhile.

    Whoever locks an account locks it first, before any of its streams, messages, conversations and outbox items: two
    who lock the same rows the other way round wait for each other until PostgreSQL breaks one of them off.
    """
    return session.get_one(Account, account_id, with_for_update={"key_share": True}, populate_existing=True)


def locked_by_name(session: Session, name: str) -> Account:
    """`locked`, for the account of this name."""
    return session.scalars(select(Account).where(Account.name == name).with_for_update(key_share=True)).one()


def bring_in(
    session: Session,
    name: str,
    channel: str,
    external_id: str,
    credentials: Mapping[str, str],
    plans: Sequence[StreamPlan],
    poll_every: timedelta,
    now: datetime,
    *,
    connected_at: datetime | None = None,
    human_agent: bool = False,
    enterprise: bool = False,
) -> Account:
    """Make or update the account of this name and its streams. History stays; new credentials clear `reconnect`."""
    account = session.scalars(select(Account).where(Account.name == name).with_for_update(key_share=True)).one_or_none()
    if account is None:
        # Most platforms tell whole seconds: what somebody writes in this very second is no history.
        connected = (connected_at or now).replace(microsecond=0)
        account = Account(
            name=name,
            channel=channel,
            external_id=external_id,
            connected_at=connected,
            history_since=connected - FIRST_IMPORT,
            login_fingerprint=fingerprint(credentials),
            problems=[],
            quotas=[],
        )
        session.add(account)
        session.flush()
        events.record(session, "account_connected", now, account_id=account.id)
    account.configured, account.human_agent, account.enterprise = True, human_agent, enterprise
    if account.login_fingerprint != fingerprint(credentials):
        account.login_fingerprint = fingerprint(credentials)
        account.stored_login = account.login_expires_at = None
        if account.health == "reconnect":
            _set_health(session, account, "ok", "", now)
    _plan_streams(session, account, plans, poll_every, now)
    return account


def _plan_streams(
    session: Session, account: Account, plans: Sequence[StreamPlan], poll_every: timedelta, now: datetime
) -> None:
    existing = {row.name: row for row in session.scalars(select(Stream).where(Stream.account_id == account.id))}
    for plan in plans:
        seconds = max(poll_every.total_seconds() * plan.every, plan.least_every.total_seconds())
        row = existing.pop(plan.name, None)
        if row is None:
            session.add(Stream(account_id=account.id, name=plan.name, every_seconds=seconds, next_poll_at=now))
            continue
        row.active, row.every_seconds = True, seconds
        if not _told_to_wait(account, now):
            row.next_poll_at = min(row.next_poll_at, now + timedelta(seconds=seconds))
    for row in existing.values():
        row.active = False


def _told_to_wait(account: Account, now: datetime) -> bool:
    """A restart does not make a platform forget what it asked of us."""
    if account.limited_until is not None and account.limited_until > now:
        return True
    return any(
        quota["used_percent"] >= STOP_AT and quota["resets_at"] and datetime.fromisoformat(quota["resets_at"]) > now
        for quota in account.quotas or []
    )


def retire_others(session: Session, configured: Sequence[str]) -> None:
    """Accounts that left the configuration keep their history and are no longer polled."""
    gone = select(Account.id).where(Account.name.not_in(list(configured))).scalar_subquery()
    session.execute(update(Account).where(Account.name.not_in(list(configured))).values(configured=False))
    session.execute(update(Stream).where(Stream.account_id.in_(gone)).values(active=False))


def _set_health(session: Session, account: Account, health: str, detail: str, now: datetime) -> None:
    if account.health != health:
        account.health_since = now
        events.record(session, "account_health", now, account_id=account.id, health=health, before=account.health)
    account.health, account.health_detail = health, (WORTH_TELLING[health] + detail)[:1000]


def login_works() -> ColumnElement[bool]:
    """Of an account: the platform takes its login, as a condition on rows. One part that lacks a permission makes the
    account `reconnect`, and yet what else succeeds shows that the login itself works."""
    return or_(Account.health != "reconnect", Account.last_success_at > Account.health_since)


def may_sign_in(account: Account) -> bool:
    """`login_works` for one account."""
    succeeded, since = account.last_success_at, account.health_since
    return account.health != "reconnect" or (succeeded is not None and since is not None and succeeded > since)


def note_success(session: Session, account: Account, now: datetime) -> None:
    """A read worked: whatever was wrong with reading is over, unless another stream still says otherwise. Blocked
    writes and a pause are a person's to lift."""
    account.last_success_at = now
    if _another_stream_fails(session, account):
        return
    account.failing_since = None
    if account.limited_until is not None and account.limited_until <= now:
        account.limited_until = None
    if account.writes_blocked_at is not None or account.paused_at is not None:
        return
    if account.health != "ok" and account.limited_until is None:
        _set_health(session, account, "ok", "", now)


def _another_stream_fails(session: Session, account: Account) -> bool:
    """One dropped connection is weather; a stream that fails again and again is the account's health."""
    weather = 0 if account.health == "reconnect" else FAILURES_OF_WEATHER
    return session.execute(_FAILING, {"account": account.id, "weather": weather}).first() is not None


# Written once: putting a statement together costs more than running it, and each poll runs these.
_FAILING = (
    select(Stream.id)
    .where(Stream.account_id == bindparam("account"), Stream.active.is_(True), Stream.failures > bindparam("weather"))
    .limit(1)
)
_USAGE = table(AccountUsage).c
_MORE_USAGE = (
    update(table(AccountUsage))
    .where(
        _USAGE.account_id == bindparam("account"), _USAGE.day == bindparam("on"), _USAGE.resource == bindparam("what")
    )
    .values(count=_USAGE.count + bindparam("more"), cost=_USAGE.cost + bindparam("charge"))
    .returning(_USAGE.id)
)


def note_renewal(session: Session, account: Account, now: datetime) -> None:
    """A fresh login was given: what the old one was refused for is asked again at once."""
    if account.health == "reconnect":
        _set_health(session, account, "ok", "", now)
    session.execute(
        update(Stream).where(Stream.account_id == account.id, Stream.failures > 0).values(next_poll_at=now, failures=0)
    )


def note_failure(
    session: Session, account: Account, error: ConnectorError, now: datetime, *, until: datetime | None = None
) -> None:
    """What an error of a read or a write says about the account. `until`: how long we wait where nobody told."""
    if isinstance(error, WritesBlocked):
        account.writes_blocked_at = account.writes_blocked_at or now
        _set_health(session, account, "blocked", str(error), now)
    elif account.writes_blocked_at is not None or account.paused_at is not None:
        return
    elif isinstance(error, (LoginExpired, Misconfigured)):
        if account.login_expires_at is not None and isinstance(error, LoginExpired):
            account.login_expires_at = now  # it can be refreshed: `logins.keep_fresh` tries at once
        _set_health(session, account, "reconnect", str(error), now)
    elif isinstance(error, RateLimited):
        account.limited_until = max(account.limited_until or now, error.until or until or now + timedelta(seconds=60))
        _set_health(session, account, "limited", str(error), now)
    else:
        account.failing_since = account.failing_since or now
        _set_health(session, account, "failing", str(error), now)


def note_inspection(
    session: Session, account: Account, inspection: Inspection, prices: Mapping[str, float], now: datetime
) -> None:
    """What the platform says of token, permissions and account; its problems stay until an inspection finds none."""
    account.login_checked_at = now
    account.login_expires_at = inspection.expires_at or account.login_expires_at
    account.problems = [problem[:LONGEST_PROBLEM] for problem in inspection.problems]
    count_usage(session, account, inspection.usage, prices, now)


def pause(session: Session, account_id: int, actor: str, now: datetime) -> None:
    """Stop polling and sending for this account until a person resumes it."""
    account = session.get_one(Account, account_id)
    account.paused_at = now
    _set_health(session, account, "paused", "", now)
    events.record(session, "account_paused", now, account_id=account_id, actor=actor)


def resume(session: Session, account_id: int, actor: str, now: datetime) -> None:
    """Lift a pause or a write block, by a person; polling begins at once."""
    account = session.get_one(Account, account_id)
    account.paused_at = account.writes_blocked_at = account.writes_not_before = account.limited_until = None
    _set_health(session, account, "ok", "", now)
    session.execute(update(Stream).where(Stream.account_id == account_id).values(next_poll_at=now, failures=0))
    session.execute(delete(Silence).where(Silence.account_id == account_id))
    events.record(session, "account_resumed", now, account_id=account_id, actor=actor)


def count_usage(session: Session, account: Account, usage: Usage, prices: Mapping[str, float], now: datetime) -> None:
    """Add to the day's counts. A resource that a platform charges once a UTC day is counted once a UTC day."""
    day = now.strftime("%Y-%m-%d")
    if usage.calls:
        _add_usage(session, account.id, day, "calls", usage.calls, 0.0)
    for resource, count in usage.resources.items():
        ids = usage.resource_ids.get(resource)
        charged = _newly_charged(session, account.id, day, resource, ids) if ids is not None else count
        if charged:
            _add_usage(session, account.id, day, resource, charged, charged * prices.get(resource, 0.0))
    if usage.quotas:
        kept = {quota["name"]: quota for quota in account.quotas or []}
        for quota in usage.quotas:
            kept[quota.name] = {
                "name": quota.name,
                "used_percent": quota.used_percent,
                "resets_at": quota.resets_at.isoformat() if quota.resets_at else None,
            }
        account.quotas = list(kept.values())


def _add_usage(session: Session, account_id: int, day: str, resource: str, count: int, cost: float) -> None:
    values = {"account": account_id, "on": day, "what": resource, "more": count, "charge": cost}
    if session.execute(_MORE_USAGE, values).first() is None:
        session.execute(
            insert(AccountUsage).values(account_id=account_id, day=day, resource=resource, count=count, cost=cost)
        )


def _newly_charged(session: Session, account_id: int, day: str, resource: str, ids: frozenset[str]) -> int:
    if not ids:
        return 0
    same = (
        ChargedResource.account_id == account_id,
        ChargedResource.day == day,
        ChargedResource.resource == resource,
    )
    known = set(session.scalars(select(ChargedResource.external_id).where(*same, ChargedResource.external_id.in_(ids))))
    fresh = [
        {"account_id": account_id, "day": day, "resource": resource, "external_id": external_id}
        for external_id in ids - known
    ]
    if fresh:
        session.execute(insert(ChargedResource), fresh)
        session.execute(
            delete(ChargedResource).where(ChargedResource.account_id == account_id, ChargedResource.day < day)
        )
    return len(fresh)


def spent_this_month(session: Session, account_id: int, now: datetime) -> float:
    """US dollars charged to this account since the first of the month (UTC)."""
    month = now.strftime("%Y-%m")
    costs = session.scalars(
        select(AccountUsage.cost).where(AccountUsage.account_id == account_id, AccountUsage.day.startswith(month))
    )
    return sum(costs)
