"""The automatic replies of one batch of messages: the guards are asked together, the items written together.

Two messages of one person in one batch still get one reply: whoever is answered counts as spoken to at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from connectors.base import Way
from crisis_playbook import Decision, Level
from inbox import automation, crises, events, replies
from inbox.among import among
from inbox.automation import Case, Surroundings
from inbox.models import PLAYBOOK_HASH, Account, Contact, Conversation, Message, OutboxItem, table
from inbox.runtime import Runtime
from inbox.variables import reply_variables
from inbox.ways import Option
from inbox.wording import WordingProblem


@dataclass(slots=True)
class AutomaticReplies:
    """What machines say to the messages of one batch."""

    session: Session
    runtime: Runtime
    now: datetime
    around: Surroundings
    queued_before: set[str]
    """Client keys of the batch's messages that have an item already: judged again after an edit."""
    rows: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def prepare(
        cls, session: Session, runtime: Runtime, messages: Iterable[Message], level: Level, now: datetime
    ) -> Self:
        """Ask what the guards must know about the messages that may be answered; `level`: the one in force."""
        messages = list(messages)
        places, keys = {message.conversation_id for message in messages}, [_client_key(message) for message in messages]
        before = set(session.scalars(_BEFORE, {"places": places, "keys": keys}))
        return cls(session, runtime, now, automation.look_around(session, messages, level, now), before)

    def level_changed(self) -> None:
        """A crisis was declared or raised meanwhile: what follows is judged under its level."""
        self.around.level = crises.behaviour(self.session, self.runtime, self.now)

    def answer(
        self,
        conversation: Conversation,
        message: Message,
        decision: Decision,
        template: str,
        language: str,
        found: Sequence[Option],
    ) -> str | None:
        """Queue the automatic reply to this message with `write`, or say why not. Repeating it changes nothing.

        `found`: the ways a machine may answer in this conversation. A public message is answered publicly, and only
        where the rule says so.
        """
        case = self._case(conversation, message, decision.automatic_reply_public, found)
        reason, option = automation.first_reason(case), automation.way(case)
        if reason is not None or option is None:
            return reason
        template = _template_under(self.around.level, template)
        variables = reply_variables(self.session, self.runtime, conversation, message, language, self.now)
        try:
            text = self.runtime.wording.render(template, language, variables)
        except WordingProblem as error:
            return str(error)
        length, limit = replies.measure(self.runtime, conversation.channel, text, Way(option.way))
        if length > limit:
            return f"The template {template} is too long for this channel: {length} of {limit}."
        if _client_key(message) not in self.queued_before:
            self._add(conversation, message, decision, template, text, option)
        return None

    def _case(self, conversation: Conversation, message: Message, in_public: bool, found: Sequence[Option]) -> Case:
        return Case(
            runtime=self.runtime,
            account=self.session.get_one(Account, conversation.account_id),
            conversation=conversation,
            message=message,
            contact=self.session.get(Contact, message.contact_id) if message.contact_id is not None else None,
            public=message.visibility == "public",
            rule_says_public=in_public,
            template=None,
            now=self.now,
            around=self.around,
            found=found,
        )

    def _add(
        self, conversation: Conversation, message: Message, decision: Decision, template: str, text: str, option: Option
    ) -> None:
        if message.contact_id is not None:
            self.around.spoken_to.add(message.contact_id)
        self.rows.append(
            {
                "account_id": conversation.account_id,
                "conversation_id": conversation.id,
                "contact_id": message.contact_id,
                "client_key": _client_key(message),
                "text": text,
                "way": str(option.way),
                "visibility": str(option.visibility),
                "target_external_id": message.external_id,
                "recipient_external_id": replies.recipient(self.session, conversation, message),
                "origin": "automation",
                "author": "playbook",
                "rule": decision.automatic_reply_rule or "",
                "template": template,
                "playbook": decision.playbook[:PLAYBOOK_HASH],
                "because_of_message_id": message.id,
                "created_at": self.now,
                "not_before": self.now + self.runtime.settings.automation.delay,
            }
        )

    def write(self) -> None:
        """Put what was decided into the outbox, with its lines of the timeline."""
        if not self.rows:
            return
        added = self.session.execute(_QUEUE, self.rows).all()
        events.record_many(
            self.session,
            [
                {
                    "kind": "reply_queued", "at": self.now, "conversation_id": row.conversation_id,
                    "account_id": None, "actor": "playbook", "data": {"outbox_id": row.id},
                }
                for row in sorted(added, key=lambda row: row.id)
            ],
        )  # fmt: skip

    def private_replies(self) -> set[tuple[int, str]]:
        """The conversations and messages whose one private reply is among what was decided."""
        private = str(Way.PRIVATE_REPLY)
        return {(row["conversation_id"], row["target_external_id"]) for row in self.rows if row["way"] == private}


_OUTBOX = table(OutboxItem)
_BEFORE = select(_OUTBOX.c.client_key).where(
    among(_OUTBOX.c.conversation_id, "places"), among(_OUTBOX.c.client_key, "keys")
)
_QUEUE = insert(_OUTBOX).returning(_OUTBOX.c.id, _OUTBOX.c.conversation_id)


def _client_key(message: Message) -> str:
    return f"automatic-{message.id}"


def _template_under(level: Level, template: str) -> str:
    """In a crisis its level may say something else to everybody: the holding statement."""
    return template if level.automatic_replies in ("normal", "none") else level.automatic_replies
