"""When a machine may speak: every guard in one place, asked when a reply is queued and again just before it leaves.

No rule can switch these off. Each answers with a sentence a person can read; None means that nothing stands against it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from connectors.base import Visibility, Way
from crisis_playbook import Level
from inbox import accounts, contacts, crises, replies, ways
from inbox.models import Account, Contact, Conversation, Message, OutboxItem
from inbox.runtime import Runtime
from inbox.ways import Option
from inbox.wording import WordingProblem

HUMAN_SILENCES = timedelta(hours=24)
"""Any human reply, here or in the platform's app, silences automation on that conversation for so long."""
ONE_PER_PERSON = timedelta(hours=24)
TOO_OLD = timedelta(hours=6)
"""A message that waited so long is not greeted by a machine any more (we were down, or it was fetched late)."""
PUBLIC_CAP = 30
"""Automatic public replies an account and hour at most: repeated comments count as spam (Meta, 2026)."""
GONE = ("cancelled", "failed")


@dataclass(frozen=True, slots=True)
class Case:
    """One automatic reply that may be sent: to which message, in which conversation, to whom, how."""

    session: Session
    runtime: Runtime
    account: Account
    conversation: Conversation
    message: Message
    contact: Contact | None
    public: bool
    rule_says_public: bool
    """The rule lets its automatic reply answer publicly."""
    item: OutboxItem | None
    """None while it is not queued yet."""
    now: datetime
    level: Level
    """How the house behaves now."""
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
    answering = case.session.execute(
        select(OutboxItem.id)
        .where(
            OutboxItem.conversation_id == case.conversation.id,
            OutboxItem.origin == "agent",
            OutboxItem.state.in_(("queued", "sending", "unknown")),
        )
        .limit(1)
    ).first()
    return "A person is answering." if answering is not None else None


def _held(case: Case) -> str | None:
    return "Replies in this conversation are held for approval." if case.conversation.hold_replies is not None else None


def _account_may_not_write(case: Case) -> str | None:
    if case.account.writes_blocked_at is not None:
        return "The platform asked us to stop writing."
    if case.account.paused_at is not None:
        return "The account is paused."
    if case.item is None or accounts.may_sign_in(case.account):
        # A login may be mended within seconds: what is queued waits for it, and `TOO_OLD` ends the wait.
        return None
    return "The account has to be reconnected."


def _frozen(case: Case) -> str | None:
    level = case.level
    if level.automatic_replies == "none":
        return f"Level {level.number} ({level.title}) freezes automatic replies."
    if level.hold_replies == "automatic":
        return "Automatic replies are held during the crisis."
    if level.automatic_replies == "normal":
        return "Replies are held for approval during the crisis." if level.hold_replies is not None else None
    if case.item is not None and case.item.template != level.automatic_replies:
        return f"Level {level.number} ({level.title}) has another wording for automatic replies."
    return None


def _one_per_person(case: Case) -> str | None:
    if case.contact is None:
        return "It is not known who wrote the message."
    others = []
    if case.item is not None:
        # Two queued at once must not stand in each other's way: the earlier one goes.
        before = or_(OutboxItem.id < case.item.id, OutboxItem.attempted_at.is_not(None))
        others = [before, OutboxItem.id != case.item.id]
    earlier = case.session.execute(
        select(OutboxItem.id)
        .where(
            OutboxItem.contact_id == case.contact.id,
            OutboxItem.created_at > case.now - ONE_PER_PERSON,
            OutboxItem.origin == "automation",
            OutboxItem.state.not_in(GONE),
            *others,
        )
        .limit(1)
    ).first()
    return "This person had an automatic reply in the last 24 hours." if earlier is not None else None


def _hourly_cap(case: Case) -> str | None:
    cap = case.runtime.settings.automation.hourly_cap
    if case.public:
        cap = min(cap, PUBLIC_CAP)
    sent: int = case.session.execute(
        select(func.count())
        .select_from(OutboxItem)
        .where(
            OutboxItem.account_id == case.account.id,
            OutboxItem.origin == "automation",
            OutboxItem.state == "sent",
            OutboxItem.sent_at > case.now - timedelta(hours=1),
            *([OutboxItem.visibility == "public"] if case.public else []),
        )
    ).scalar_one()
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
    option = _way(case)
    if option is None:
        closed = next((one for one in case.found if one.visibility is _read_by(case)), None)
        return closed.sentence if closed is not None else "The channel has no such way of answering."
    return "Only a person may answer outside the window." if option.outside_window else None


def _way(case: Case) -> Option | None:
    return ways.best(case.found, _read_by(case))


def _read_by(case: Case) -> Visibility:
    return Visibility.PUBLIC if case.public else Visibility.PRIVATE


GUARDS: Sequence[Callable[[Case], str | None]] = (
    _is_off, _history, _own, _gone, _old, _opted_out, _human_answered, _held, _account_may_not_write, _frozen,
    _public_allowed, _one_per_person, _hourly_cap, _way_open,
)  # fmt: skip


def reason_against(session: Session, runtime: Runtime, item: OutboxItem, now: datetime) -> str | None:
    """What now stands against sending this automatic item; None: nothing. Asked just before it leaves."""
    message = session.get(Message, item.because_of_message_id)
    if message is None:
        return "The message it answers is gone."
    conversation = session.get_one(Conversation, item.conversation_id)
    public = item.visibility == "public"
    found = ways.options(session, runtime.channels, conversation, now, human=False)
    # The rule said so when it was queued: nothing public is queued otherwise.
    return _first_reason(_case(session, runtime, conversation, message, now, found, public, public, item))


def _case(
    session: Session,
    runtime: Runtime,
    conversation: Conversation,
    message: Message,
    now: datetime,
    found: Sequence[Option],
    public: bool,
    rule_says_public: bool,
    item: OutboxItem | None = None,
) -> Case:
    account = session.get_one(Account, conversation.account_id)
    contact = session.get(Contact, message.contact_id) if message.contact_id is not None else None
    level = crises.behaviour(session, runtime, now)
    return Case(
        session, runtime, account, conversation, message, contact, public, rule_says_public, item, now, level, found
    )


def _first_reason(case: Case) -> str | None:
    return next((reason for guard in GUARDS if (reason := guard(case)) is not None), None)


def answer(
    session: Session,
    runtime: Runtime,
    conversation: Conversation,
    message: Message,
    template: str,
    rule: str,
    playbook: str,
    variables: dict[str, object],
    now: datetime,
    found: Sequence[Option],
    *,
    public: bool = False,
    rule_says_public: bool = False,
) -> str | None:
    """Queue the automatic reply to this message, or say why not. Repeating it changes nothing.

    `found`: the ways a machine may answer in this conversation. A public message is answered publicly, and only where
    the rule says so.
    """
    case = _case(session, runtime, conversation, message, now, found, public, rule_says_public)
    reason, option = _first_reason(case), _way(case)
    if reason is not None or option is None:
        return reason
    template = _template_under(case.level, template)
    try:
        text = runtime.wording.render(template, str(variables.get("language") or ""), variables)
    except WordingProblem as error:
        return str(error)
    length, limit = replies.measure(runtime, conversation.channel, text, Way(option.way))
    if length > limit:
        return f"The template {template} is too long for this channel: {length} of {limit}."
    item = OutboxItem(
        account_id=conversation.account_id,
        conversation_id=conversation.id,
        contact_id=message.contact_id,
        client_key=f"automatic-{message.id}",
        text=text,
        way=str(option.way),
        visibility=str(option.visibility),
        target_external_id=message.external_id,
        recipient_external_id=replies.recipient(session, conversation, message),
        origin="automation",
        author="playbook",
        rule=rule,
        template=template,
        playbook=playbook,
        because_of_message_id=message.id,
        created_at=now,
        not_before=now + runtime.settings.automation.delay,
    )
    replies.queue(session, item, now)
    return None


def _template_under(level: Level, template: str) -> str:
    """In a crisis its level may say something else to everybody: the holding statement."""
    return template if level.automatic_replies in ("normal", "none") else level.automatic_replies
