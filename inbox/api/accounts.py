"""Accounts over JSON: health, lag, quota and cost of each."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel

from inbox.api.door import Now, Reader, Wired
from inbox.api.problems import documented
from inbox.db import reading
from inbox.queries.account_views import AccountView, UnreadableView
from inbox.queries.accounts import account, accounts, unreadable_items

router = APIRouter(prefix="/accounts", tags=["accounts"])

Short = Annotated[str, Path(max_length=200)]


class Accounts(BaseModel):
    """Every configured account, on one page."""

    items: list[AccountView]
    next_cursor: str | None = None


class UnreadableItems(BaseModel):
    """The newest 100 items of one account that could not be translated and nobody has looked at yet."""

    items: list[UnreadableView]
    next_cursor: str | None = None


@router.get("", responses=documented(401))
def list_accounts(runtime: Wired, now: Now, caller: Reader) -> Accounts:
    """Every configured account, by name."""
    with reading(runtime.sessions) as session:
        return Accounts(items=accounts(session, runtime.channels, now))


@router.get("/{name}/unreadable", responses=documented(401, 404, 422))
def list_unreadable(runtime: Wired, now: Now, caller: Reader, name: Short) -> UnreadableItems:
    """What the platform sent of one account that could not be translated, and why."""
    with reading(runtime.sessions) as session:
        found = account(session, runtime.channels, name, now)
        return UnreadableItems(items=unreadable_items(session, account_name=found.name))
