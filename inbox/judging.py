"""What the playbook decides about a batch of messages, and what follows from it for their conversations.

First everything is understood, with one query a table and one statement for each kind of row, however many messages
there are; then what few messages call for (a proposal, an automatic reply, a notice) is done message by message.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Self

from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.orm import Session

import crisis_playbook
from connectors.base import Situation
from crisis_playbook import SEVERITIES, Decision, Facts, Level, Playbook
from inbox import contacts, conversations, crises, events, notices, replies, sla, suggestions, threads, ways
from inbox.among import among
from inbox.automatic_replies import AutomaticReplies
from inbox.business_hours import BusinessHours
from inbox.errors import Refusal
from inbox.models import (
    PLAYBOOK_HASH,
    Account,
    Contact,
    Conversation,
    ConversationLabel,
    Message,
    MessageDecision,
    MessageLabel,
    table,
)
from inbox.runtime import Runtime

QUIET = timedelta(hours=24)
"""After so long without a message the next one is the first of a conversation again."""
SPOKEN_LANGUAGES = ("de", "en")


@dataclass(frozen=True, slots=True)
class Judged:
    """One customer's message, what was known when it was judged, and what was decided."""

    message: Message
    facts: Facts
    decision: Decision


@dataclass(slots=True)
class Batch:
    """Some messages with everything around them, read at once."""

    session: Session
    runtime: Runtime
    playbook: Playbook
    now: datetime
    messages: Sequence[Message]
    threads: dict[int, Conversation]
    accounts: dict[int, Account]
    people: dict[int, Contact]
    labels: dict[int, set[str]]
    spoken: dict[int, list[tuple[datetime, int]]]
    """Times and ids of what was said lately in each conversation, oldest first, without history and deleted."""
    _hours: BusinessHours | None
    """The shop's own; None: always open."""
    _rows: dict[type[Any], list[dict[str, Any]]] = field(default_factory=dict)
    """What is written at the end of understanding, by table."""
    _level: Level = crises.NO_BEHAVIOUR
    """How the house behaves now."""
    _situations: dict[int, Situation] = field(default_factory=dict)
    """What decides which ways of answering are open, by conversation."""
    _events: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def load(
        cls, session: Session, runtime: Runtime, playbook: Playbook, messages: Sequence[Message], now: datetime
    ) -> Self:
        """Read what the messages' judgement needs."""
        ids = {"ids": {message.conversation_id for message in messages}}
        threads_by_id = {row.id: row for row in session.scalars(_THREADS, ids)}
        authors = {message.contact_id for message in messages if message.contact_id is not None}
        people = {row.id: row for row in session.scalars(_PEOPLE, {"ids": authors})}
        accounts = {row.id: row for row in session.scalars(_ACCOUNTS)}
        labels: dict[int, set[str]] = {thread_id: set() for thread_id in threads_by_id}
        for conversation_id, label in session.execute(_LABELS, ids):
            labels[conversation_id].add(label)
        spoken: dict[int, list[tuple[datetime, int]]] = {}
        since = min(message.sent_at for message in messages) - QUIET
        for conversation_id, sent_at, message_id in session.execute(_SPOKEN_LATELY, {**ids, "since": since}):
            spoken.setdefault(conversation_id, []).append((sent_at, message_id))
        hours = sla.shop_hours(playbook, runtime.settings.inbox)
        return cls(session, runtime, playbook, now, messages, threads_by_id, accounts, people, labels, spoken, hours)

    def judge(self) -> None:
        """Understand every message, write down what was decided, then do what the decisions call for."""
        self._level = crises.behaviour(self.session, self.runtime, self.now)
        # What was understood of a conversation is written with its due time, in one statement for all.
        with self.session.no_autoflush:
            judged = [
                self._understand(message)
                for message in self.messages
                if message.direction == "inbound" and message.deleted_at is None
            ]
            self._write_down([one.message.id for one in judged])
        for message in self.messages:
            if message.direction == "outbound":
                self._hear_ourselves(message)
        with self.session.no_autoflush:
            threads_here = list(self.threads.values())
            self._situations = ways.situations(self.session, threads_here, self.now, human=True)
            answers = self._prepare_answers(judged)
        for one in judged:
            self._act(one, answers)
        with self.session.no_autoflush:
            self._send(answers)
            wanted = [step for one in judged if not one.message.history for step in self._wanted(one)]
            suggestions.make(self.session, self.runtime, wanted, self.options, self.now)

    def options(self, conversation: Conversation, human: bool = True) -> list[ways.Option]:
        """Every way of answering in one of the batch's conversations, best first."""
        situation = self._situations[conversation.id]
        if not human:
            situation = replace(situation, human=False)
        return ways.options_in(self.runtime.channels, conversation.channel, situation)

    def _ways_of_a_machine(self, conversation: Conversation, message: Message) -> list[ways.Option]:
        """To answer this very message: others may have written below it since, and mentioned us or not."""
        if message.visibility == "private" or self._situations[conversation.id].target_id == message.external_id:
            return self.options(conversation, human=False)
        with self.session.no_autoflush:
            return ways.options(
                self.session, self.runtime.channels, conversation, self.now, human=False, answered=message
            )

    def private_window_ends_at(self, conversation: Conversation) -> datetime | None:
        """Until when we may answer privately in one of the batch's conversations; None without a limit."""
        situation = self._situations[conversation.id]
        return ways.private_window_ends_at(self.runtime.channels, conversation.channel, situation)

    # -- understanding -----------------------------------------------------------------------------------------------

    def _understand(self, message: Message) -> Judged:
        conversation = self.threads[message.conversation_id]
        facts = self._facts(conversation, message)
        judged = Judged(message, facts, self._decide(facts))
        self._keep(judged)
        self._label(judged)
        if not message.history:
            self._change(conversation, judged)
        return judged

    def _decide(self, facts: Facts) -> Decision:
        """What the playbook says, as it holds under the level in force. What a level holds ends with the level, so
        it is not written into the conversation."""
        decision = crisis_playbook.evaluate(self.playbook, facts)
        if self._level is crises.NO_BEHAVIOUR:
            return decision
        return replace(crisis_playbook.under(self._level, decision), hold_replies=decision.hold_replies)

    def _facts(self, conversation: Conversation, message: Message) -> Facts:
        """What is known of a message when it is judged."""
        contact = self.people.get(message.contact_id or 0)
        return Facts(
            text=message.text,
            channel=conversation.channel,
            account=self.accounts[conversation.account_id].name,
            kind=conversation.kind,
            visibility=message.visibility,
            spoken_by="customer",
            addressed=message.addressed,
            first_of_conversation=self._is_first(message),
            hours="open" if self._hours is None or self._hours.is_open(message.sent_at) else "closed",
            author_followers=contact.followers if contact is not None else None,
            has_attachment=bool(message.attachments),
            labels=frozenset(self.labels[conversation.id]),
            severity=conversation.severity,  # type: ignore[arg-type]
            sent_at=message.sent_at,
        )

    def _is_first(self, message: Message) -> bool:
        """Nobody spoke here in the day before it: a private thread lasts for ever, a concern does not."""
        spoken = self.spoken.get(message.conversation_id, [])
        earliest = bisect_left(spoken, (message.sent_at - QUIET, 0))
        return earliest == len(spoken) or spoken[earliest] >= (message.sent_at, message.id)

    def _keep(self, judged: Judged) -> None:
        """The decision with its reasons, where it said something."""
        decision = judged.decision
        if not (decision.rules or decision.undecided or decision.complaint != "none"):
            return
        self._add(
            MessageDecision,
            message_id=judged.message.id,
            playbook=decision.playbook[:PLAYBOOK_HASH],
            rules=list(decision.rules),
            undecided=list(decision.undecided),
            severity=decision.severity,
            complaint=decision.complaint,
            score=decision.score,
            why=list(decision.why),
            answers=list(decision.answers),
        )

    def _label(self, judged: Judged) -> None:
        message = judged.message
        present = self.labels[message.conversation_id]
        for label in judged.decision.labels:
            if label not in present:
                present.add(label)
                self._add(ConversationLabel, conversation_id=message.conversation_id, label=label)
            if not message.history:
                self._add(
                    MessageLabel, message_id=message.id, label=label, at=message.sent_at,
                    account_id=message.account_id, contact_id=message.contact_id,
                )  # fmt: skip

    def _change(self, conversation: Conversation, judged: Judged) -> None:
        decision = judged.decision
        conversation.unread += 1
        language = decision.language
        if language not in SPOKEN_LANGUAGES and conversation.language is None:
            # Deciding tells it only where something is said; targets, alarms and whoever answers ask for it too.
            language = crisis_playbook.language_by_function_words(judged.message.text) or ""
        if language in SPOKEN_LANGUAGES:
            conversation.language = language
        if SEVERITIES.index(decision.severity) > SEVERITIES.index(conversation.severity):
            conversation.severity = decision.severity
        if decision.hold_replies == "for_approval":
            conversation.hold_replies = decision.hold_replies
        if decision.rules or decision.undecided:
            data = {
                "message_id": judged.message.id,
                "rules": list(decision.rules),
                "undecided": list(decision.undecided),
                "severity": decision.severity,
                "playbook": decision.playbook[:PLAYBOOK_HASH],
            }
            self._events.append(
                {"kind": "judged", "at": self.now, "conversation_id": conversation.id, "account_id": None,
                 "actor": "playbook", "data": data}
            )  # fmt: skip

    def _add(self, model: type[Any], **columns: Any) -> None:
        self._rows.setdefault(model, []).append(columns)

    def _write_down(self, judged: list[int]) -> None:
        """What an earlier judgement of an edited message said goes."""
        for old in _OLD:
            self.session.execute(old, {"ids": judged})
        for model, rows in self._rows.items():
            self.session.execute(insert(table(model)), rows)
        events.record_many(self.session, self._events)

    # -- acting ------------------------------------------------------------------------------------------------------

    def _hear_ourselves(self, message: Message) -> None:
        """A colleague spoke, here or in the platform's app: no machine speaks after them, no proposal outlives it."""
        if message.origin in threads.HUMAN and not message.history and message.deleted_at is None:
            conversation = self.threads[message.conversation_id]
            replies.cancel_pending_automation(self.session, conversation.id, self.now, "A person has answered.")
            suggestions.overtake(self.session, conversation.id, self.now)
            conversation.open_suggestions = 0

    def _act(self, judged: Judged, answers: AutomaticReplies | None) -> None:
        conversation = self.threads[judged.message.conversation_id]
        self._heed_opt_out(conversation, judged.message)
        if not judged.message.history:
            self._assign(conversation, judged.decision)
            if answers is not None:
                self._answer(conversation, judged, answers)
            self._tell(conversation, judged.decision, answers)

    def _assign(self, conversation: Conversation, decision: Decision) -> None:
        """As the rule says, where nobody has it yet. Who has left, or has no sign-in, cannot be given anything."""
        if not decision.assign or conversation.assignee_id is not None or conversation.team is not None:
            return
        try:
            conversations.assign(self.session, conversation.id, decision.assign, "playbook", self.now)
        except Refusal as refusal:
            events.record(
                self.session, "assigning_failed", self.now, conversation_id=conversation.id, actor="playbook",
                to=decision.assign, reason=refusal.detail,
            )  # fmt: skip

    def _heed_opt_out(self, conversation: Conversation, message: Message) -> None:
        if message.contact_id is None or not contacts.asks_to_stop(message.text):
            return
        contacts.opt_out(self.session, message.contact_id, "daemon", self.now)
        if "opted-out" not in self.labels[conversation.id]:
            self.labels[conversation.id].add("opted-out")
            conversations.change_labels(self.session, conversation.id, ["opted-out"], [], "daemon", self.now)

    def _wanted(self, judged: Judged) -> list[suggestions.Wanted]:
        """The steps to propose, unless a person has answered already."""
        message, decision = judged.message, judged.decision
        conversation = self.threads[message.conversation_id]
        answered = conversation.last_human_reply_at
        if not decision.suggestions or (answered is not None and answered >= message.sent_at):
            return []
        explain = partial(self._explained, judged)
        return [
            suggestions.Wanted(conversation, message, suggested, decision, explain)
            for suggested in decision.suggestions
        ]

    def _explained(self, judged: Judged, name: str) -> suggestions.Explained:
        """Where the rule of this name is written, and where in the text the deciding words stand."""
        if not name:
            return "", []
        rule, decision = self.playbook.rule(name), judged.decision
        facts = replace(judged.facts, labels=judged.facts.labels.union(decision.labels), severity=decision.severity)
        return rule.place, crisis_playbook.deciding_words(self.playbook, facts, rule)

    def _prepare_answers(self, judged: Iterable[Judged]) -> AutomaticReplies | None:
        """None where no message is to be answered by a machine."""
        greeted = [
            one.message for one in judged if one.decision.automatic_reply is not None and not one.message.history
        ]
        return AutomaticReplies.prepare(self.session, self.runtime, greeted, self._level, self.now) if greeted else None

    def _answer(self, conversation: Conversation, judged: Judged, answers: AutomaticReplies) -> None:
        message, decision = judged.message, judged.decision
        if decision.automatic_reply is None:
            return
        found = self._ways_of_a_machine(conversation, message)
        language = self._language(conversation, decision)
        reason = answers.answer(conversation, message, decision, decision.automatic_reply, language, found)
        if reason is not None:
            events.record(
                self.session, "automatic_reply_withheld", self.now, conversation_id=conversation.id,
                actor="playbook", message_id=message.id, template=decision.automatic_reply, reason=reason,
            )  # fmt: skip

    def _send(self, answers: AutomaticReplies | None) -> None:
        """An automatic reply closes the one private way to the message it answers."""
        if answers is None:
            return
        answers.write()
        for conversation_id, target in answers.private_replies():
            situation = self._situations[conversation_id]
            if situation.target_id == target:
                self._situations[conversation_id] = replace(situation, private_reply_used=True)

    def _language(self, conversation: Conversation, decision: Decision) -> str:
        """The message's own, the conversation's where it does not tell, the shop's where nothing does."""
        own = decision.language if decision.language in SPOKEN_LANGUAGES else conversation.language
        return own or self.runtime.settings.inbox.language

    def _tell(self, conversation: Conversation, decision: Decision, answers: AutomaticReplies | None) -> None:
        for team in decision.notify:
            rule = decision.rules[0] if decision.rules else "playbook"
            notices.queue(
                self.session, team, f"{rule}: {conversation.channel}", conversation.preview, self.now,
                cause=f"{rule}-{conversation.id}", conversation_id=conversation.id,
            )  # fmt: skip
        if decision.raise_level is not None:
            self._raise(decision.raise_level, f"rule {decision.rules[0]}")
            if answers is not None:
                answers.level_changed()

    def _raise(self, level: int, cause: str) -> None:
        """One crisis at a time: a graver one raises the running one, another changes nothing."""
        running = next(iter(crises.running(self.session, self.now)), None)
        if running is None:
            crises.declare(self.session, self.runtime, level, "", cause, "playbook", self.now)
        elif level > running.level:
            crises.raise_level(self.session, self.runtime, running.id, level, "playbook", self.now)


# Written once: putting a statement together costs more than running it.
_MESSAGES, _LABELLED = table(Message).c, table(ConversationLabel).c
_THREADS = select(Conversation).where(among(Conversation.id)).order_by(Conversation.id).with_for_update(key_share=True)
_PEOPLE = select(Contact).where(among(Contact.id))
_ACCOUNTS = select(Account)
_LABELS = select(_LABELLED.conversation_id, _LABELLED.label).where(among(_LABELLED.conversation_id))
_SPOKEN_LATELY = (
    select(_MESSAGES.conversation_id, _MESSAGES.sent_at, _MESSAGES.id)
    .where(
        among(_MESSAGES.conversation_id),
        _MESSAGES.sent_at >= bindparam("since"),
        _MESSAGES.history.is_(False),
        _MESSAGES.deleted_at.is_(None),
    )
    .order_by(_MESSAGES.sent_at, _MESSAGES.id)
)
_OLD = [delete(table(model)).where(among(table(model).c.message_id)) for model in (MessageDecision, MessageLabel)]
