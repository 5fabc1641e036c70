"""When a machine may speak: every guard in one place, asked when a reply is queued and again just before it leaves.

No rule can switch these off. Each answers with a sentence a person can read; None means that nothing stands against it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, or_, select
from sqlalchemy.orm import Session

from connectors.base import Visibility
from crisis_playbook import Level
from inbox import accounts, contacts, crises, ways
from inbox.among import among
from inbox.models import Account, Contact, Conversation, Message, MessageDecision, OutboxItem, table
from inbox.runtime import Runtime
from inbox.ways import Option

HUMAN_SILENCES = timedelta(hours=24)
"""Any human reply, here or in the platform's app, silences automation on that conversation for so long."""
ONE_PER_PERSON = timedelta(hours=24)
TOO_OLD = timedelta(hours=6)
"""A message that waited so long is not greeted by a machine any more (we were down, or it was fetched late)."""
PUBLIC_CAP = 30
"""Automatic public replies an account and hour at most: repeated comments count as spam (Meta, 2026)."""
GONE = ("cancelled", "failed")
ON_THE_WAY = ("queued", "sending", "unknown")


@dataclass(slots=True)
class Surroundings:
    """What the guards must know beside the case itself, asked once for however many cases."""

    level: Level
    """How the house behaves now."""
    being_answered: set[int]
    """The conversations to which a person's answer is on its way."""
    spoken_to: set[int]
    """The contacts who had an automatic reply within ONE_PER_PERSON, or will have one."""
    sent: Mapping[int, tuple[int, int]]
    """How many automatic replies each account sent in the last hour, and how many of them were public."""


@dataclass(frozen=True, slots=True)
class Case:
    """One automatic reply that may be sent: to which message, in which conversation, to whom, how."""

    runtime: Runtime
    account: Account
    conversation: Conversation
    message: Message
    contact: Contact | None
    public: bool
    rule_says_public: bool
    """The rule lets its automatic reply answer publicly."""
    template: str | None
    """Of the item that is about to leave; None while nothing is queued yet."""
    now: datetime
    around: Surroundings
    found: Sequence[Option]
    """The ways a machine may answer."""


def _is_off(case: Case) -> str | None:
    return None if case.runtime.settings.automation.enabled else "Automation is switched off in the configuration."


def _history(case: Case) -> str | None:
    return "The message is history from before we were connected." if case.message.history else None


def _own(case: Case) -> str | None:
    return "The message is our own." if case.message.direction != "inbound" else None


def _gone(case: Case) -> str | None:
    return "The message was deleted." if case.message.deleted_at is not None else None


def _old(case: Case) -> str | None:
    return "The message is too old for an automatic answer." if case.now - case.message.sent_at > TOO_OLD else None


def _opted_out(case: Case) -> str | None:
    if case.contact is not None and case.contact.opted_out_at is not None:
        return "This person asked for no messages."
    return "The message asks for no more messages." if contacts.asks_to_stop(case.message.text) else None


def _human_answered(case: Case) -> str | None:
    last = case.conversation.last_human_reply_at
    if last is not None and last > case.now - HUMAN_SILENCES:
        return "A person has answered in the last 24 hours."
    return "A person is answering." if case.conversation.id in case.around.being_answered else None


def _held(case: Case) -> str | None:
    return "Replies in this conversation are held for approval." if case.conversation.hold_replies is not None else None


def _resolved(case: Case) -> str | None:
    """Asked just before it leaves: whoever wrote opened the conversation, so a person has resolved it since."""
    about_to_leave = case.template is not None
    return (
        "A person has resolved the conversation." if about_to_leave and case.conversation.status == "resolved" else None
    )


def _account_may_not_write(case: Case) -> str | None:
    if case.account.writes_blocked_at is not None:
        return "The platform asked us to stop writing."
    if case.account.paused_at is not None:
        return "The account is paused."
    if case.template is None or accounts.may_sign_in(case.account):
        # A login may be mended within seconds: what is queued waits for it, and `TOO_OLD` ends the wait.
        return None
    return "The account has to be reconnected."


def _frozen(case: Case) -> str | None:
    level = case.around.level
    if level.automatic_replies == "none":
        return f"Level {level.number} ({level.title}) freezes automatic replies."
    if level.hold_replies == "automatic":
        return "Automatic replies are held during the crisis."
    if level.automatic_replies == "normal":
        return "Replies are held for approval during the crisis." if level.hold_replies is not None else None
    if case.template is not None and case.template != level.automatic_replies:
        return f"Level {level.number} ({level.title}) has another wording for automatic replies."
    return None


def _one_per_person(case: Case) -> str | None:
    if case.contact is None:
        return "It is not known who wrote the message."
    had_one = case.contact.id in case.around.spoken_to
    return "This person had an automatic reply in the last 24 hours." if had_one else None


def _hourly_cap(case: Case) -> str | None:
    cap = case.runtime.settings.automation.hourly_cap
    if case.public:
        cap = min(cap, PUBLIC_CAP)
    sent = case.around.sent.get(case.account.id, (0, 0))[case.public]
    return f"The hourly cap of {cap} automatic replies is reached." if sent >= cap else None


def _public_allowed(case: Case) -> str | None:
    if not case.public:
        return None
    if not case.rule_says_public:
        return "Automatic replies are public only where the rule says reply: {public: …}."
    capabilities = case.runtime.channels[case.account.channel].capabilities
    if not capabilities.automation_may_reply_publicly:
        return "The platform does not allow automatic public replies."
    return None


def _way_open(case: Case) -> str | None:
    option = way(case)
    if option is None:
        closed = next((one for one in case.found if one.visibility is _read_by(case)), None)
        return closed.sentence if closed is not None else "The channel has no such way of answering."
    return "Only a person may answer outside the window." if option.outside_window else None


def way(case: Case) -> Option | None:
    """The best way that is open to a machine and read by whom the case means."""
    return ways.best(case.found, _read_by(case))


def _read_by(case: Case) -> Visibility:
    return Visibility.PUBLIC if case.public else Visibility.PRIVATE


GUARDS: Sequence[Callable[[Case], str | None]] = (
    _is_off, _history, _own, _gone, _old, _opted_out, _human_answered, _resolved, _held,
    _account_may_not_write, _frozen, _public_allowed, _one_per_person, _hourly_cap, _way_open,
)  # fmt: skip


def reason_against(session: Session, runtime: Runtime, item: OutboxItem, now: datetime) -> str | None:
    """What now stands against sending this automatic item; None: nothing. Asked just before it leaves."""
    message = session.get(Message, item.because_of_message_id)
    if message is None:
        return "The message it answers is gone."
    if not _rule_still_applies(session, item, message):
        return "The message says something else now."
    conversation = session.get_one(Conversation, item.conversation_id)
    contact = session.get(Contact, message.contact_id) if message.contact_id is not None else None
    public = item.visibility == "public"
    return first_reason(
        Case(
            runtime=runtime,
            account=session.get_one(Account, conversation.account_id),
            conversation=conversation,
            message=message,
            contact=contact,
            public=public,
            # The rule said so when it was queued: nothing public is queued otherwise.
            rule_says_public=public,
            template=item.template or "",
            now=now,
            around=look_around(session, [message], crises.behaviour(session, runtime, now), now, item),
            found=ways.options(session, runtime.channels, conversation, now, human=False, answered=message),
        )
    )


def _rule_still_applies(session: Session, item: OutboxItem, message: Message) -> bool:
    """An edited message is judged again, and may call for another answer or for none."""
    if message.edited_at is None or message.triaged_at is None:
        return True
    rules = session.execute(select(MessageDecision.rules).where(MessageDecision.message_id == message.id)).scalar()
    return item.rule in (rules or [])


def first_reason(case: Case) -> str | None:
    """The first guard's sentence that stands against this reply; None: nothing does."""
    return next((reason for guard in GUARDS if (reason := guard(case)) is not None), None)


def look_around(
    session: Session, messages: Iterable[Message], level: Level, now: datetime, item: OutboxItem | None = None
) -> Surroundings:
    """What the guards must know where these messages stand, and of who wrote them; `item` itself is not counted."""
    messages = list(messages)
    return Surroundings(
        level=level,
        being_answered=_being_answered(session, {message.conversation_id for message in messages}),
        spoken_to=_spoken_to(session, {message.contact_id for message in messages}, now, item),
        sent=_sent_lately(session, {message.account_id for message in messages}, now),
    )


def _being_answered(session: Session, conversation_ids: set[int]) -> set[int]:
    return set(session.scalars(_ON_ITS_WAY, {"ids": conversation_ids}))


def _spoken_to(session: Session, contact_ids: set[int | None], now: datetime, item: OutboxItem | None) -> set[int]:
    query = _SPOKEN_TO
    if item is not None:
        # Two queued at once must not stand in each other's way: the earlier one goes.
        before = or_(_OUTBOX.id < item.id, _OUTBOX.attempted_at.is_not(None))
        query = query.where(before, _OUTBOX.id != item.id)
    found = session.scalars(query, {"ids": contact_ids - {None}, "since": now - ONE_PER_PERSON})
    return {contact_id for contact_id in found if contact_id is not None}


def _sent_lately(session: Session, account_ids: set[int], now: datetime) -> dict[int, tuple[int, int]]:
    found = session.execute(_SENT, {"ids": account_ids, "since": now - timedelta(hours=1)})
    return {account_id: (every, in_public) for account_id, every, in_public in found}


# Written once: putting a statement together costs more than running it. A state is told by what it is not: SQLite would
# else read every item of that state by the index of states, however many there have ever been.
_OUTBOX = table(OutboxItem).c
_ON_ITS_WAY = select(_OUTBOX.conversation_id).where(
    among(_OUTBOX.conversation_id),
    _OUTBOX.origin == "agent",
    _OUTBOX.state.not_in(("sent", *GONE)),
)
_SPOKEN_TO = select(_OUTBOX.contact_id).where(
    among(_OUTBOX.contact_id),
    _OUTBOX.created_at > bindparam("since"),
    _OUTBOX.origin == "automation",
    _OUTBOX.state.not_in(GONE),
)
_SENT = (
    select(_OUTBOX.account_id, func.count(), func.count().filter(_OUTBOX.visibility == "public"))
    .where(
        among(_OUTBOX.account_id),
        _OUTBOX.origin == "automation",
        _OUTBOX.state.not_in((*ON_THE_WAY, *GONE)),
        _OUTBOX.sent_at > bindparam("since"),
    )
    .group_by(_OUTBOX.account_id)
)
