"""Signed-in connectors: built from the configuration or from refreshed credentials, kept fresh, looked at daily.

Some platforms give refresh tokens that work once. The new pair is stored before anything uses it, one process at a
time, and is forgotten when the configured credentials change.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from connectors.base import Connector, ConnectorError, Login, LoginExpired
from inbox import accounts
from inbox.db import open_engine, reading, schema_version, session_factory, writing
from inbox.errors import NotThere
from inbox.migrations import HEAD
from inbox.models import Account
from inbox.runtime import Runtime
from inbox.secrets_at_rest import SecretsAtRest, Unsealable, fingerprint, key_file_for, open_secrets

log = structlog.get_logger("logins")

LOOK_EVERY = timedelta(days=1)
LEASE = timedelta(minutes=1)
REFRESH_BEFORE = timedelta(minutes=20)
"""Refresh so long before a token expires (X: two hours; Instagram: sixty days)."""


def sign_in(session: Session, runtime: Runtime, login: Login, vault: SecretsAtRest) -> Connector:
    """The connector of an account, with refreshed credentials where they are newer than the configured ones."""
    runtime.logins[login.account] = session.scalars(
        select(Account.stored_login).where(Account.name == login.account)
    ).one_or_none()
    return runtime.channels[login.channel](_in_use(session, login, lambda: vault))


def from_database(url: str, login: Login) -> Login:
    """The login the daemon on this database would use; the configured one where none of this version has run."""
    engine = open_engine(url)
    try:
        if schema_version(engine) != HEAD:
            return login
        with reading(session_factory(engine)) as session:
            return _in_use(session, login, lambda: open_secrets(key_file_for(url)))
    finally:
        engine.dispose()


def _in_use(session: Session, login: Login, vault: Callable[[], SecretsAtRest]) -> Login:
    """The configured login with what was refreshed since, as long as it belongs to these configured credentials.

    `vault` is opened only where something is kept in it.
    """
    stored = session.execute(
        select(Account.stored_login, Account.login_fingerprint).where(Account.name == login.account)
    ).one_or_none()
    if stored is None or not stored.stored_login or stored.login_fingerprint != fingerprint(login.credentials):
        return login
    try:
        kept = vault().unseal(stored.stored_login)
    except Unsealable as error:
        log.warning(
            "the refreshed login cannot be read; the configured one is used", account=login.account, error=str(error)
        )
        return login
    return replace(login, credentials={**login.credentials, **kept})


def keep_fresh(runtime: Runtime) -> None:
    """Refresh what expires soon, follow what another process refreshed, and inspect every login once a day."""
    now = runtime.clock()
    with reading(runtime.sessions) as session:
        _follow_others(session, runtime)
        due = session.execute(
            select(Account.name, Account.login_checked_at, Account.login_expires_at).where(
                Account.configured.is_(True),
                Account.paused_at.is_(None),
                or_(
                    Account.login_checked_at.is_(None),
                    Account.login_checked_at <= now - LOOK_EVERY,
                    Account.login_expires_at <= now + REFRESH_BEFORE,
                ),
            )
        ).all()
    for row in due:
        if row.name not in runtime.connectors:
            continue
        try:
            if row.login_expires_at is None or row.login_expires_at <= now + REFRESH_BEFORE:
                refresh(runtime, row.name)
            if row.login_checked_at is None or row.login_checked_at <= now - LOOK_EVERY:
                _inspect(runtime, row.name, now)
        except Exception:
            # A connector that breaks over one login must not let the others expire.
            log.exception("a login could not be kept fresh; it is tried again", account=row.name)


def _follow_others(session: Session, runtime: Runtime) -> None:
    """Use what another process has refreshed: the login this one was built with may be dead already."""
    for name, stored in session.execute(select(Account.name, Account.stored_login)).all():
        if name in runtime.connectors and runtime.logins.get(name) != stored:
            runtime.connectors[name] = sign_in(session, runtime, _configured(runtime, name), runtime.vault)


def refresh(runtime: Runtime, name: str) -> bool:
    """Get new credentials, store them, then use them; True when the account has a fresh login afterwards.

    Claimed first, so that two processes never spend one refresh token twice.
    """
    now = runtime.clock()
    login = _configured(runtime, name)
    with writing(runtime.sessions) as session:
        connector = sign_in(session, runtime, login, runtime.vault)
        if not _claim(session, name, now):
            runtime.connectors[name] = connector
            return True
    try:
        new = connector.refresh_login(now)
    except ConnectorError as error:
        _give_up(runtime, name, error, now)
        return False
    if new is None:
        return True
    with writing(runtime.sessions) as session:
        account = accounts.locked_by_name(session, name)
        account.stored_login = runtime.vault.seal(new.credentials)
        account.login_expires_at, account.login_claimed_until = new.expires_at, None
        runtime.logins[name] = account.stored_login
        accounts.note_renewal(session, account, now)
    credentials = {**login.credentials, **new.credentials}
    runtime.connectors[name] = runtime.channels[login.channel](replace(login, credentials=credentials))
    log.info("login refreshed", account=name)
    return True


def _configured(runtime: Runtime, name: str) -> Login:
    settings = runtime.settings.account(name)
    if settings is None:
        raise NotThere(f"account {name} in the configuration")
    return settings.as_login()


def _claim(session: Session, name: str, now: datetime) -> bool:
    """False when another process is at it, or has just done it."""
    claimed = session.execute(
        update(Account)
        .where(
            Account.name == name,
            or_(Account.login_claimed_until.is_(None), Account.login_claimed_until <= now),
            or_(Account.login_expires_at.is_(None), Account.login_expires_at <= now + REFRESH_BEFORE),
        )
        .values(login_claimed_until=now + LEASE)
        .returning(Account.id)
    ).first()
    return claimed is not None


def _give_up(runtime: Runtime, name: str, error: ConnectorError, now: datetime) -> None:
    log.warning("refreshing the login failed", account=name, error=str(error))
    if isinstance(error, LoginExpired):
        with writing(runtime.sessions) as session:
            account = accounts.locked_by_name(session, name)
            accounts.note_failure(session, account, error, now)


def _inspect(runtime: Runtime, name: str, now: datetime) -> None:
    try:
        inspection = runtime.connectors[name].inspect(now)
    except LoginExpired as error:
        with writing(runtime.sessions) as session:
            account = accounts.locked_by_name(session, name)
            account.login_checked_at = now
            accounts.note_failure(session, account, error, now)
        return
    except ConnectorError as error:
        log.warning("the login could not be inspected", account=name, error=str(error))
        return
    with writing(runtime.sessions) as session:
        account = accounts.locked_by_name(session, name)
        prices = runtime.channels[account.channel].capabilities.prices
        accounts.note_inspection(session, account, inspection, prices, now)
    for problem in inspection.problems:
        log.warning("account needs attention", account=name, problem=problem)


def after_restart(session: Session, names: list[str]) -> None:
    """A restart inspects every login soon, so that mended credentials show at once."""
    session.execute(update(Account).where(Account.name.in_(names)).values(login_checked_at=None))
