"""Asking a platform whether an account still works, when a person wants to know now."""

from __future__ import annotations

from datetime import datetime

from connectors.base import ConnectorError
from inbox.errors import NotThere
from inbox.runtime import Runtime


def inspect(runtime: Runtime, account_name: str, now: datetime) -> list[str]:
    """What is wrong with token, permissions or account, one sentence each; empty when all fits. Calls the platform,
    so no transaction may be open. Raises NotThere for an account this process is not signed in to."""
    connector = runtime.connectors.get(account_name)
    if connector is None:
        raise NotThere(f"account {account_name} in the configuration")
    try:
        return list(connector.inspect(now).problems)
    except ConnectorError as error:
        return [str(error)]
