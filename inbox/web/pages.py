"""Every page there is, as the routers the application includes."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request

from inbox.web import (
    accounts,
    attachments,
    composer,
    contacts,
    conversation,
    crisis,
    inbox,
    live,
    outbox,
    playbook,
    reports,
    settings,
    sign_in,
    suggestions,
    workshop,
    workshop_backtest,
    workshop_points,
    workshop_versions,
)
from inbox.web.desk import Desk
from inbox.web.workshop_bench import Bench

FAMILIES = (
    sign_in, inbox, conversation, composer, attachments, suggestions, outbox, crisis, accounts, contacts, reports,
    playbook, workshop, workshop_backtest, workshop_points, workshop_versions, settings, live,
)  # fmt: skip


def routers(desk: Desk) -> list[APIRouter]:
    """The pages of this process. Each handler finds its `Desk` in the request's state."""
    watch = live.Watch(desk.runtime)
    bench = Bench(desk.runtime)

    async def bring(request: Request) -> None:
        request.state.watch = watch
        request.state.bench = bench

    pages = APIRouter(dependencies=[Depends(desk.bring), Depends(bring)], include_in_schema=False)
    for family in FAMILIES:
        pages.include_router(family.router)
    return [desk.renderer.assets.router(), pages]
