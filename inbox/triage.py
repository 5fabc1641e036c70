"""Steps 4 and 5: understand what arrived and apply what the playbook decides, in one transaction a batch.

Nothing here waits for the network: a slow platform cannot delay a crisis. What cannot be decided is shown to a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Select, and_, delete, insert, or_, select, update
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

import crisis_playbook
from connectors.base import Way, WayState
from crisis_playbook import Decision, Facts, Playbook
from inbox import automation, contacts, conversations, crises, events, notices, replies, sla, suggestions, threads, ways
from inbox.db import reading, writing
from inbox.errors import InboxError, Refusal
from inbox.models import (
    Account,
    Contact,
    Conversation,
    ConversationLabel,
    Message,
    MessageDecision,
    MessageLabel,
)
from inbox.runtime import Runtime
from inbox.variables import reply_variables

log = structlog.get_logger("triage")

BATCH = 100
QUIET = timedelta(hours=24)
"""After so long without a message the next one is the first of a conversation again."""
SEVERITIES = ("none", "watch", "urgent", "crisis")


def triage_one(runtime: Runtime) -> bool:
    """Understand the oldest messages that wait for it; False when none does."""
    if not _any_waiting(runtime):
        return False
    try:
        return _judge_some(runtime, BATCH)
    except (InboxError, SQLAlchemyError, ValueError, LookupError, TypeError, AttributeError):
        # One message, or one rule's step, must not hold up all others.
        log.exception("some messages could not be judged together; one by one now")
    for _ in range(BATCH):
        try:
            if not _judge_some(runtime, 1):
                break
        except OperationalError:
            raise
        except (InboxError, SQLAlchemyError, ValueError, LookupError, TypeError, AttributeError) as error:
            log.exception("a message could not be judged; a person must read it")
            _leave_to_a_person(runtime, error)
    return True


def _judge_some(runtime: Runtime, most: int) -> bool:
    playbook = runtime.playbook.current()
    now = runtime.clock()
    with writing(runtime.sessions) as session:
        messages = session.scalars(_waiting(most)).all()
        if not messages:
            return False
        batch = _Batch.load(session, runtime, playbook, messages, now)
        for message in messages:
            batch.judge(message)
            message.triaged_at = now
        batch.set_clocks()
    return True


def _waiting(most: int) -> Select[Message]:
    return (
        select(Message)
        .where(Message.triaged_at.is_(None))
        .order_by(Message.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )


def _leave_to_a_person(runtime: Runtime, error: Exception) -> None:
    """The oldest waiting message cannot be judged: it counts as looked at, and the timeline says that it was not."""
    now = runtime.clock()
    with writing(runtime.sessions) as session:
        message = session.scalars(_waiting(1)).first()
        if message is not None:
            message.triaged_at = now
            events.record(
                session, "judging_failed", now, conversation_id=message.conversation_id, actor="playbook",
                message_id=message.id, reason=type(error).__name__,
            )  # fmt: skip


def _any_waiting(runtime: Runtime) -> bool:
    with reading(runtime.sessions) as session:
        return session.execute(select(Message.id).where(Message.triaged_at.is_(None)).limit(1)).first() is not None


@dataclass(slots=True)
class _Batch:
    """Some messages with everything around them, read at once."""

    session: Session
    runtime: Runtime
    playbook: Playbook
    now: datetime
    threads: dict[int, Conversation]
    accounts: dict[int, Account]
    people: dict[int, Contact]
    labels: dict[int, set[str]]

    @classmethod
    def load(
        cls, session: Session, runtime: Runtime, playbook: Playbook, messages: Sequence[Message], now: datetime
    ) -> _Batch:
        """Read what the messages' judgement needs: a query a table, whatever the number of messages."""
        thread_ids = {message.conversation_id for message in messages}
        found = {
            row.id: row
            for row in session.scalars(select(Conversation).where(Conversation.id.in_(thread_ids)).with_for_update())
        }
        people_ids = {message.contact_id for message in messages if message.contact_id is not None}
        people = {row.id: row for row in session.scalars(select(Contact).where(Contact.id.in_(people_ids)))}
        accounts = {row.id: row for row in session.scalars(select(Account))}
        labels: dict[int, set[str]] = {}
        for conversation_id, label in session.execute(
            select(ConversationLabel.conversation_id, ConversationLabel.label).where(
                ConversationLabel.conversation_id.in_(thread_ids)
            )
        ):
            labels.setdefault(conversation_id, set()).add(label)
        return cls(session, runtime, playbook, now, found, accounts, people, labels)

    def judge(self, message: Message) -> None:
        """What one message means for its conversation."""
        conversation = self.threads[message.conversation_id]
        if message.direction == "outbound":
            self._hear_ourselves(conversation, message)
        elif message.deleted_at is None:
            decision = crisis_playbook.evaluate(self.playbook, self.facts(conversation, message))
            self._keep(message, decision)
            self._label(conversation, message, decision)
            self._heed_opt_out(conversation, message)
            if not message.history:
                self._apply(conversation, message, decision)

    def _hear_ourselves(self, conversation: Conversation, message: Message) -> None:
        """A colleague spoke, here or in the platform's app: no machine speaks after them, no proposal outlives it."""
        if message.origin in threads.HUMAN and not message.history and message.deleted_at is None:
            replies.cancel_pending_automation(self.session, conversation.id, self.now, "A person has answered.")
            suggestions.overtake(self.session, conversation.id, self.now)
            conversation.open_suggestions = 0

    def facts(self, conversation: Conversation, message: Message) -> Facts:
        """What is known of a message when it is judged."""
        contact = self.people.get(message.contact_id or 0)
        hours = sla.shop_hours(self.playbook, self.runtime.settings.inbox)
        return Facts(
            text=message.text,
            channel=conversation.channel,
            account=self.accounts[conversation.account_id].name,
            kind=conversation.kind,
            visibility=message.visibility,
            spoken_by="customer",
            addressed=message.addressed,
            first_of_conversation=self._is_first(conversation, message),
            hours="open" if hours is None or hours.is_open(message.sent_at) else "closed",
            author_followers=contact.followers if contact is not None else None,
            has_attachment=bool(message.attachments),
            labels=frozenset(self.labels.get(conversation.id, ())),
            severity=conversation.severity,  # type: ignore[arg-type]
            sent_at=message.sent_at,
        )

    def _is_first(self, conversation: Conversation, message: Message) -> bool:
        """Nobody spoke here in the day before it: a private thread lasts for ever, a concern does not."""
        before = or_(
            Message.sent_at < message.sent_at, and_(Message.sent_at == message.sent_at, Message.id < message.id)
        )
        earlier = self.session.execute(
            select(Message.id)
            .where(
                Message.conversation_id == conversation.id,
                Message.sent_at >= message.sent_at - QUIET,
                before,
                Message.history.is_(False),
                Message.deleted_at.is_(None),
            )
            .limit(1)
        ).first()
        return earlier is None

    def _keep(self, message: Message, decision: Decision) -> None:
        """The decision with its reasons, where it said something."""
        self.session.execute(delete(MessageDecision).where(MessageDecision.message_id == message.id))
        if not (decision.rules or decision.undecided or decision.complaint != "none"):
            return
        self.session.execute(
            insert(MessageDecision).values(
                message_id=message.id,
                playbook=decision.playbook,
                rules=list(decision.rules),
                undecided=list(decision.undecided),
                severity=decision.severity,
                complaint=decision.complaint,
                score=decision.score,
                explanation={
                    "why": list(decision.why),
                    "points": [[line.reason, line.points] for line in decision.points],
                    "labels": list(decision.labels),
                    "automatic_reply": decision.automatic_reply,
                    "answers": list(decision.answers),
                },
            )
        )

    def _label(self, conversation: Conversation, message: Message, decision: Decision) -> None:
        present = self.labels.setdefault(conversation.id, set())
        fresh = [label for label in decision.labels if label not in present]
        if fresh:
            present.update(fresh)
            self.session.execute(
                insert(ConversationLabel), [{"conversation_id": conversation.id, "label": label} for label in fresh]
            )
        self.session.execute(delete(MessageLabel).where(MessageLabel.message_id == message.id))
        if decision.labels and not message.history:
            self.session.execute(
                insert(MessageLabel),
                [
                    {
                        "message_id": message.id,
                        "label": label,
                        "at": message.sent_at,
                        "account_id": message.account_id,
                        "contact_id": message.contact_id,
                    }
                    for label in decision.labels
                ],
            )

    def _apply(self, conversation: Conversation, message: Message, decision: Decision) -> None:
        conversation.unread += 1
        conversation.language = decision.language if decision.language in ("de", "en") else conversation.language
        if SEVERITIES.index(decision.severity) > SEVERITIES.index(conversation.severity):
            conversation.severity = decision.severity
        self._assign(conversation, decision)
        if decision.hold_replies == "for_approval":
            conversation.hold_replies = decision.hold_replies
        if decision.rules or decision.undecided:
            events.record(
                self.session, "judged", self.now, conversation_id=conversation.id, actor="playbook",
                message_id=message.id, rules=list(decision.rules), undecided=list(decision.undecided),
                severity=decision.severity, playbook=decision.playbook[:12],
            )  # fmt: skip
        self._suggest(conversation, message, decision)
        self._answer(conversation, message, decision)
        self._tell(conversation, message, decision)

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
        if "opted-out" not in self.labels.setdefault(conversation.id, set()):
            self.labels[conversation.id].add("opted-out")
            conversations.change_labels(self.session, conversation.id, ["opted-out"], [], "daemon", self.now)

    def _suggest(self, conversation: Conversation, message: Message, decision: Decision) -> None:
        answered = conversation.last_human_reply_at
        if not decision.suggestions or (answered is not None and answered >= message.sent_at):
            return
        checks = self._explained(conversation, message)
        for suggested in decision.suggestions:
            place, spans = checks.get(suggested.rule, ("", []))
            suggestions.make(
                self.session, self.runtime, conversation, message, suggested, decision, place, spans, self.now
            )

    def _explained(self, conversation: Conversation, message: Message) -> dict[str, tuple[str, list[list[int]]]]:
        """For each rule that applied: where it is written, and where in the text the deciding words stand."""
        decision = crisis_playbook.evaluate(self.playbook, self.facts(conversation, message), explain=True)
        return {
            check.rule: (check.place, sorted({(a, b) for step in check.steps for a, b in step.spans}))  # type: ignore[misc]
            for check in decision.checks
            if check.applied
        }

    def _answer(self, conversation: Conversation, message: Message, decision: Decision) -> None:
        if decision.automatic_reply is None:
            return
        self.session.flush()
        reason = automation.answer(
            self.session,
            self.runtime,
            conversation,
            message,
            decision.automatic_reply,
            decision.automatic_reply_rule or "",
            decision.playbook,
            reply_variables(self.session, self.runtime, conversation, self._language(conversation), self.now),
            self.now,
            public=message.visibility == "public",
        )
        if reason is not None:
            events.record(
                self.session, "automatic_reply_withheld", self.now, conversation_id=conversation.id,
                actor="playbook", message_id=message.id, template=decision.automatic_reply, reason=reason,
            )  # fmt: skip

    def _language(self, conversation: Conversation) -> str:
        return conversation.language or self.runtime.settings.inbox.language

    def _tell(self, conversation: Conversation, message: Message, decision: Decision) -> None:
        for team in decision.notify:
            rule = decision.rules[0] if decision.rules else "playbook"
            notices.queue(
                self.session, team, f"{rule}: {conversation.channel}", conversation.preview, self.now,
                cause=f"{rule}-{conversation.id}", conversation_id=conversation.id,
            )  # fmt: skip
        if decision.raise_level is not None:
            self._raise(decision.raise_level, f"rule {decision.rules[0]}")

    def _raise(self, level: int, cause: str) -> None:
        """One crisis at a time: a graver one raises the running one, another changes nothing."""
        running = next(iter(crises.running(self.session, self.now)), None)
        if running is None:
            crises.declare(self.session, self.runtime, level, "", cause, "playbook", self.now)
        elif level > running.level:
            crises.raise_level(self.session, self.runtime, running.id, level, "playbook", self.now)

    def set_clocks(self) -> None:
        """Due times and reply windows of every conversation of the batch."""
        self.session.flush()
        level = crises.behaviour(self.session, self.runtime, self.now)
        for conversation in self.threads.values():
            set_clock(self.session, self.runtime, self.playbook, conversation, self.labels.get(conversation.id, ()),
                      level.targets, self.now)  # fmt: skip


def set_clock(
    session: Session,
    runtime: Runtime,
    playbook: Playbook,
    conversation: Conversation,
    labels: Iterable[str],
    severity_for_all: str | None,
    now: datetime,
) -> None:
    """The due time of the running clock, by the first target that fits, and when the reply window closes."""
    severity = max(conversation.severity, severity_for_all or "none", key=SEVERITIES.index)
    due = None
    if conversation.waiting_since is not None:
        facts = Facts(
            text="",
            channel=conversation.channel,
            account=session.get_one(Account, conversation.account_id).name,
            kind=conversation.kind,
            visibility=conversation.visibility,
            language=conversation.language,
            labels=frozenset(labels),
            severity=severity,  # type: ignore[arg-type]
        )
        kind = sla.clock_kind(conversation.first_replied_at)
        due = sla.due(playbook, facts, kind, conversation.waiting_since, runtime.settings.inbox)
    conversation.due_at = due.at if due is not None else None
    if conversation.due_at is None or conversation.due_at > now:
        conversation.breached_at = None
    conversation.queue_position = threads.queue_position(conversation.due_at, conversation.last_message_at)
    conversation.reply_window_ends_at = _window(session, runtime, conversation, now)


def _window(session: Session, runtime: Runtime, conversation: Conversation, now: datetime) -> datetime | None:
    """Until when the platform lets us answer privately, as far as it sets a limit."""
    for option in ways.options(session, runtime.channels, conversation, now):
        if option.way in (Way.DIRECT_MESSAGE, Way.PRIVATE_REPLY) and option.state is WayState.AVAILABLE:
            return option.deadline
    return None


def note_breaches(session: Session, now: datetime, most: int = 200) -> int:
    """Write down every clock that has run out, once each; how many."""
    late = session.execute(
        select(Conversation.id, Conversation.clock_kind)
        .where(Conversation.due_at <= now, Conversation.breached_at.is_(None), Conversation.status != "resolved")
        .limit(most)
        .with_for_update(skip_locked=True)
    ).all()
    for row in late:
        session.execute(update(Conversation).where(Conversation.id == row.id).values(breached_at=now))
        events.record(session, "target_missed", now, conversation_id=row.id, actor="daemon", clock=row.clock_kind)
    return len(late)
