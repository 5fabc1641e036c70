"""Every call under /api/v1. Imported when the first one comes: see `inbox.web.app.LateCalls`."""

from __future__ import annotations

from fastapi import APIRouter

from inbox.api import accounts, attachments, conversations, crises, outbox, reports, suggestions
from inbox.api.problems import PREFIX


def router() -> APIRouter:
    """All of them."""
    api = APIRouter(prefix=PREFIX)
    for family in (conversations, attachments, suggestions, accounts, outbox, crises, reports):
        api.include_router(family.router)
    return api
