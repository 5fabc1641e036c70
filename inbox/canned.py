"""Canned responses: texts people insert by `/name`, with a few variables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from inbox import events
from inbox.errors import Refusal
from inbox.models import CannedResponse
from inbox.queries.house import canned_responses
from inbox.queries.house_views import CannedResponseView

NAME = re.compile(r"[\w-]{1,60}")
VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
VARIABLES = ("name", "first_name", "agent", "shop")
LONGEST = 5000


def in_order(session: Session, language: str, most: int = 300) -> list[CannedResponseView]:
    """Those of the wanted language first, then by use."""
    return sorted(canned_responses(session), key=lambda one: (one.language != language, -one.uses, one.name))[:most]


def values(*, name: str, agent: str, shop: str) -> dict[str, str]:
    """What the variables stand for."""
    return {"name": name, "first_name": name.split(" ")[0] if name else "", "agent": agent, "shop": shop}


def fill(text: str, known: Mapping[str, str]) -> str:
    """The text with its variables filled in; an unknown variable stays visible, so that nobody sends a hole."""
    return VARIABLE.sub(lambda found: known.get(found[1]) or found[0], text)


def count_use(session: Session, response_id: int) -> None:
    """One more use; the report lists them."""
    session.execute(update(CannedResponse).where(CannedResponse.id == response_id).values(uses=CannedResponse.uses + 1))


def save(session: Session, name: str, language: str, text: str, actor: str, now: datetime) -> None:
    """Adds or replaces the text of this name and language. Raises Refusal for a name, variable or length that is
    wrong."""
    name, text = name.strip().lstrip("/").lower(), text.strip()
    if not NAME.fullmatch(name):
        raise Refusal("A prepared text's name is one word of letters, digits, _ and -, such as /versand.", 422)
    if not text or len(text) > LONGEST:
        raise Refusal(f"A prepared text has 1 to {LONGEST} characters.", 422)
    unknown = sorted(set(VARIABLE.findall(text)) - set(VARIABLES))
    if unknown:
        known = ", ".join(VARIABLES)
        raise Refusal(f"The variable {unknown[0]} is unknown. Known are: {known}.", 422)
    row = session.scalar(select(CannedResponse).where(CannedResponse.name == name, CannedResponse.language == language))
    if row is None:
        session.add(CannedResponse(name=name, language=language, text=text))
    else:
        row.text = text
    events.record(session, "canned_response_saved", now, actor=actor, name=name, language=language)


def remove(session: Session, response_id: int, actor: str, now: datetime) -> None:
    """Takes a text away; removing one that is gone is no mistake."""
    session.execute(delete(CannedResponse).where(CannedResponse.id == response_id))
    events.record(session, "canned_response_removed", now, actor=actor, id=response_id)
