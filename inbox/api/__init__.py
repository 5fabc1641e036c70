"""The JSON API: handlers parse, call one verb or one query, and answer with what a query returned."""

from __future__ import annotations

from fastapi import APIRouter

from inbox.api import accounts, conversations, crises, outbox, reports, suggestions

PREFIX = "/api/v1"


def router() -> APIRouter:
    """Every call under /api/v1."""
    api = APIRouter(prefix=PREFIX)
    for family in (conversations, suggestions, accounts, outbox, crises, reports):
        api.include_router(family.router)
    return api
