"""Asking a platform whether an account still works, when a person wants to know now."""

from __future__ import annotations

from datetime import datetime

from connectors.base import ConnectorError
from inbox import accounts
from inbox.db import writing
from inbox.errors import NotThere
from inbox.runtime import Runtime


def inspect(runtime: Runtime, account_name: str, now: datetime) -> list[str]:
    """What is wrong with token, permissions or account, one sentence each; empty when all fits. Kept on the account,
    unless the platform could not be asked. Calls the platform, so no transaction may be open. Raises NotThere for an
    account this process is not signed in to."""
    connector = runtime.connectors.get(account_name)
    if connector is None:
        raise NotThere(f"account {account_name} in the configuration")
    try:
        found = connector.inspect(now)
    except ConnectorError as error:
        return [str(error)]
    with writing(runtime.sessions) as session:
        account = accounts.locked_by_name(session, account_name)
        prices = runtime.channels[account.channel].capabilities.prices
        accounts.note_inspection(session, account, found, prices, now)
    return list(found.problems)
