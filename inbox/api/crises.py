"""Crises over JSON: declared, raised, stood down."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field, StringConstraints

from inbox import crises as verbs
from inbox.api.door import Id, Manager, Now, Reader, Wired, Words
from inbox.api.problems import UNREADABLE_OR_LARGE, documented
from inbox.db import reading, writing
from inbox.queries.crises import crises, crisis
from inbox.queries.house_views import CrisisView

router = APIRouter(prefix="/crises", tags=["crises"])

Level = Annotated[int, Field(ge=0, le=6, description="The level, 0 to 6.")]


class Crises(BaseModel):
    """Running crises first, then the newest 100."""

    items: list[CrisisView]
    next_cursor: str | None = None


class DeclareIn(BaseModel):
    """What happens, how bad it is, and who leads."""

    level: Level
    title: Annotated[Words, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
    cause: Annotated[Words, StringConstraints(max_length=2000)] = ""
    owner: Annotated[Words, StringConstraints(max_length=200)] | None = None


class RaiseIn(BaseModel):
    """The level from now on."""

    level: Level


@router.get("", responses=documented(401))
def list_crises(runtime: Wired, caller: Reader) -> Crises:
    """Running ones first."""
    with reading(runtime.sessions) as session:
        return Crises(items=crises(session))


@router.post("", status_code=201, responses=documented(*UNREADABLE_OR_LARGE, 401, 403, 409, 422))
def declare(runtime: Wired, now: Now, caller: Manager, body: DeclareIn) -> CrisisView:
    """Declares a crisis; what its level freezes is frozen from now on. Needs the role manager."""
    with writing(runtime.sessions) as session:
        declared = verbs.declare(
            session, runtime, body.level, body.title, body.cause, caller.name, now, owner=body.owner
        )
        return crisis(session, declared.id)


@router.post("/{crisis_id}/raise", responses=documented(*UNREADABLE_OR_LARGE, 401, 403, 404, 409, 422))
def raise_level(runtime: Wired, now: Now, caller: Manager, crisis_id: Id, body: RaiseIn) -> CrisisView:
    """Sets another level. Needs the role manager."""
    with writing(runtime.sessions) as session:
        verbs.raise_level(session, runtime, crisis_id, body.level, caller.name, now)
        return crisis(session, crisis_id)


@router.post("/{crisis_id}/stand-down", responses=documented(*UNREADABLE_OR_LARGE, 401, 403, 404, 409, 422))
def stand_down(runtime: Wired, now: Now, caller: Manager, crisis_id: Id) -> CrisisView:
    """Says that it is over. Needs the role manager."""
    with writing(runtime.sessions) as session:
        verbs.stand_down(session, crisis_id, caller.name, now)
        return crisis(session, crisis_id)
