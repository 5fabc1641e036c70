"""Accounts over JSON: health, lag, quota and cost of each."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel

from inbox.api.door import Now, Reader, Wired
from inbox.api.problems import documented
from inbox.db import reading
from inbox.queries.accounts import accounts
from inbox.queries.views import AccountView

router = APIRouter(prefix="/accounts", tags=["accounts"])


class Accounts(BaseModel):
    """Every configured account, on one page."""

    items: list[AccountView]
    next_cursor: str | None = None


@router.get("", responses=documented(401))
def list_accounts(runtime: Wired, now: Now, caller: Reader) -> Accounts:
    """Every configured account, by name."""
    with reading(runtime.sessions) as session:
        return Accounts(items=accounts(session, runtime.channels, now))
