"""Prepared answers to hard questions: which fit what somebody asked, and what is asked again and again."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import Text, cast, select
from sqlalchemy.orm import Session

from inbox import ways
from inbox.errors import NotThere
from inbox.models import Conversation, Message, MessageDecision
from inbox.runtime import Runtime
from inbox.variables import reply_variables
from inbox.wording import WordingProblem

log = structlog.get_logger("answers")

MESSAGES_READ = 5
"""The newest messages of the customer that are looked at."""
MOST_COUNTED = 100_000


@dataclass(frozen=True, slots=True)
class PreparedAnswer:
    """A text of the playbook's questions, with everything filled in."""

    name: str
    text: str


def fitting(
    session: Session, runtime: Runtime, conversation_id: int, language: str, agent_name: str, now: datetime
) -> list[PreparedAnswer]:
    """What the playbook has to say to the customer's newest messages that no person has answered yet.

    The newest question first, each answer once, in `language`, signed by `agent_name`. Raises NotThere.
    """
    conversation = session.get(Conversation, conversation_id)
    if conversation is None:
        raise NotThere(f"conversation {conversation_id}")
    names = _names(session, conversation)
    if not names:
        return []
    latest = ways.latest_inbound(session, conversation_id)
    variables = reply_variables(session, runtime, conversation, latest, language, now, agent_name=agent_name)
    found = []
    for name in names:
        try:
            found.append(PreparedAnswer(name, runtime.wording.render(name, language, variables)))
        except WordingProblem as problem:
            log.warning("a prepared answer cannot be written", name=name, problem=str(problem))
    return found


def _names(session: Session, conversation: Conversation) -> list[str]:
    query = (
        select(MessageDecision.answers)
        .join(Message, Message.id == MessageDecision.message_id)
        .where(Message.conversation_id == conversation.id, Message.direction == "inbound", Message.deleted_at.is_(None))
        .order_by(Message.sent_at.desc(), Message.id.desc())
        .limit(MESSAGES_READ)
    )
    if conversation.last_human_reply_at is not None:
        query = query.where(Message.sent_at > conversation.last_human_reply_at)
    return list(dict.fromkeys(name for names in session.scalars(query) for name in names))


def asked(session: Session, since: datetime, until: datetime) -> list[tuple[str, int]]:
    """How often each prepared answer fitted a message sent in [since, until), the most asked first.

    What stands at the top is what the website should answer. Counts at most the newest 100,000 judged messages.
    """
    query = (
        select(MessageDecision.answers)
        .join(Message, Message.id == MessageDecision.message_id)
        .where(
            Message.sent_at >= since,
            Message.sent_at < until,
            Message.history.is_(False),
            cast(MessageDecision.answers, Text) != "[]",
        )
        .order_by(Message.sent_at.desc())
        .limit(MOST_COUNTED)
    )
    counted: Counter[str] = Counter()
    for names in session.scalars(query, execution_options={"yield_per": 2000}):
        counted.update(names)
    return sorted(counted.items(), key=lambda each: (-each[1], each[0]))
