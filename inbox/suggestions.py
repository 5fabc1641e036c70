"""Steps the playbook proposes and a person decides: made with the best legal way, accepted, edited, dismissed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from connectors.base import Visibility, Way, WayState
from crisis_playbook import Decision, Suggested
from inbox import conversations, events, replies, ways
from inbox.among import among
from inbox.errors import Alternative, NotThere, Refusal
from inbox.messages import hide
from inbox.models import PLAYBOOK_HASH, Conversation, Message, OutboxItem, Suggestion, User, table
from inbox.runtime import Runtime
from inbox.variables import reply_variables
from inbox.ways import Option
from inbox.wording import PUBLIC_NOTE, WordingProblem

MOVE = "move_to_private"
MOVING_WAYS = (
    Way.PRIVATE_REPLY,
    Way.DIRECT_MESSAGE,
    Way.PUBLIC_REPLY_WITH_LINK,
    Way.ASK_TO_WRITE_FIRST,
    Way.ON_PLATFORM,
)


Explained = tuple[str, list[tuple[int, int]]]
"""Of a rule that applied: where it is written, and where in the text the deciding words stand."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A step the playbook wants proposed."""

    conversation: Conversation
    message: Message
    suggested: Suggested
    decision: Decision
    explain: Callable[[str], Explained]
    """Asked with the rule's name, and only for steps that are really proposed."""


def make(
    session: Session,
    runtime: Runtime,
    wanted: Sequence[Wanted],
    options: Callable[[Conversation], list[Option]],
    now: datetime,
) -> None:
    """Propose these steps, each once: an open proposal of the same kind in the conversation is enough. `options`: the
    ways a person may answer in a conversation."""
    fresh = _not_yet_made(session, wanted) if wanted else []
    if not fresh:
        return
    session.execute(_ADD, [_row(session, runtime, one, options(one.conversation), now) for one in fresh])
    for one in fresh:
        one.conversation.open_suggestions += 1
    events.record_many(session, [_event(one, now) for one in fresh])


_SUGGESTIONS = table(Suggestion)
_ADD = insert(_SUGGESTIONS)
_MADE = select(
    *(_SUGGESTIONS.c[name] for name in ("conversation_id", "kind", "template", "message_id", "status"))
).where(among(_SUGGESTIONS.c.conversation_id))


def _not_yet_made(session: Session, wanted: Sequence[Wanted]) -> list[Wanted]:
    made = session.execute(_MADE, {"ids": {one.conversation.id for one in wanted}}).all()
    still_open = {(row.conversation_id, row.kind) for row in made if row.status == "open"}
    before = {(row.conversation_id, row.kind, row.template, row.message_id) for row in made}
    fresh = []
    for one in wanted:
        place = one.conversation.id, one.suggested.kind
        if place not in still_open and (*place, one.suggested.template, one.message.id) not in before:
            still_open.add(place)
            fresh.append(one)
    return fresh


def _row(session: Session, runtime: Runtime, one: Wanted, found: list[Option], now: datetime) -> dict[str, Any]:
    suggested, decision = one.suggested, one.decision
    place, spans = one.explain(suggested.rule)
    way = best_way(found, Visibility(one.conversation.visibility), suggested.kind)
    text, public_note = _texts(session, runtime, one, way, now)
    return {
        "conversation_id": one.conversation.id,
        "message_id": one.message.id,
        "kind": suggested.kind,
        "template": suggested.template,
        "rule": suggested.rule,
        "place": place,
        "playbook": decision.playbook[:PLAYBOOK_HASH],
        "way": str(way),
        "text": text,
        "public_note": public_note,
        "why": list(decision.why),
        "spans": spans,
        "points": [[line.reason, line.points] for line in decision.points],
        "created_at": now,
    }


def _event(one: Wanted, now: datetime) -> dict[str, Any]:
    data = {
        "rule": one.suggested.rule, "suggestion": one.suggested.kind, "playbook": one.decision.playbook[:PLAYBOOK_HASH],
    }  # fmt: skip
    return {
        "kind": "suggested", "at": now, "conversation_id": one.conversation.id, "account_id": None,
        "actor": "playbook", "data": data,
    }  # fmt: skip


def best_way(found: Sequence[Option], where_asked: Visibility, kind: str) -> Way:
    """The best way that is legal now: to move a complaint out of the public, or to answer where the person wrote."""
    if kind != MOVE:
        answer = ways.best(list(found), where_asked)
        return answer.way if answer is not None else Way.ON_PLATFORM
    for option in found:
        if option.state is WayState.AVAILABLE and option.way in MOVING_WAYS:
            return option.way
    return Way.ON_PLATFORM


def _texts(
    session: Session,
    runtime: Runtime,
    one: Wanted,
    way: Way,
    now: datetime,
) -> tuple[str, str | None]:
    """The proposed text for whoever reads it that way, and the short public note beside a private one."""
    conversation, suggested, language = one.conversation, one.suggested, one.decision.language
    if not suggested.template:
        return "", None
    variables = reply_variables(session, runtime, conversation, one.message, language, now, way=way)
    note_name = suggested.template + PUBLIC_NOTE
    public = ways.visibility_of(way) is Visibility.PUBLIC
    if public and suggested.kind == MOVE and runtime.wording.has(note_name):
        return _rendered(runtime, note_name, language, variables), None
    text = _rendered(runtime, suggested.template, language, variables)
    has_note = not public and conversation.visibility == "public" and runtime.wording.has(note_name)
    return text, _rendered(runtime, note_name, language, variables) if has_note else None


def _rendered(runtime: Runtime, name: str, language: str, variables: dict[str, object]) -> str:
    try:
        return runtime.wording.render(name, language, variables)
    except WordingProblem as error:
        return f"({error})"


def _decide(session: Session, suggestion_id: int, status: str, actor: str, now: datetime) -> Suggestion:
    suggestion = session.get(Suggestion, suggestion_id)
    if suggestion is None:
        raise NotThere(f"suggestion {suggestion_id}")
    conversations.get(session, suggestion.conversation_id, lock=True)
    session.refresh(suggestion, with_for_update=True)
    if suggestion.status != "open":
        raise Refusal(f"This suggestion has been {suggestion.status} already.", 409)
    suggestion.status, suggestion.decided_at, suggestion.decided_by = status, now, actor
    session.execute(
        update(Conversation)
        .where(Conversation.id == suggestion.conversation_id, Conversation.open_suggestions > 0)
        .values(open_suggestions=Conversation.open_suggestions - 1)
    )
    events.record(
        session, f"suggestion_{status}", now, conversation_id=suggestion.conversation_id, actor=actor,
        rule=suggestion.rule, suggestion=suggestion.kind,
    )  # fmt: skip
    return suggestion


def accept(
    session: Session,
    runtime: Runtime,
    suggestion_id: int,
    text: str | None,
    actor: str,
    now: datetime,
    *,
    public_note: str | None = None,
) -> list[OutboxItem]:
    """Do what was proposed, with the text as edited; a public note goes out beside it only where one is given. In a
    public thread it answers the message it was proposed for, whoever has written there since.

    Raises Refusal with the legal alternatives when the way has closed meanwhile; the suggestion stays open then.
    """
    # A caller that goes on after a refusal must not keep the decision.
    with session.begin_nested():
        suggestion = _decide(session, suggestion_id, "accepted", actor, now)
        if suggestion.kind == "hide":
            hide(session, runtime, suggestion.message_id, True, actor, now)
            return []
        conversation = conversations.get(session, suggestion.conversation_id)
        answered = session.get(Message, suggestion.message_id) if conversation.visibility == "public" else None
        way = _way_now(session, runtime, suggestion, conversation, answered, text, now)
        items = [_reply(session, runtime, suggestion, answered, way, text or suggestion.text, "private", actor, now)]
        if public_note and ways.visibility_of(way) is Visibility.PRIVATE and conversation.visibility == "public":
            items.append(
                _reply(session, runtime, suggestion, answered, Way.PUBLIC_REPLY, public_note, "note", actor, now)
            )
        return items


def _way_now(
    session: Session,
    runtime: Runtime,
    suggestion: Suggestion,
    conversation: Conversation,
    answered: Message | None,
    text: str | None,
    now: datetime,
) -> Way:
    """The best way that is legal now. Raises Refusal with what else is open where there is none, and where other
    people than meant would read the words."""
    found = ways.options(session, runtime.channels, conversation, now, answered=answered)
    way, meant = best_way(found, Visibility(conversation.visibility), suggestion.kind), Way(suggestion.way)
    instead = [Alternative(kind=open_["kind"], reason=open_["reason"]) for open_ in ways.alternatives(found)]
    if way is Way.ON_PLATFORM:
        proposed = next((one for one in found if one.way is meant), None)
        closed = proposed or next((one for one in found if one.way in MOVING_WAYS), None)
        raise Refusal(closed.sentence if closed is not None else "There is no way to answer now.", 409, instead)
    before, after = ways.visibility_of(meant), ways.visibility_of(way)
    if before is Visibility.PRIVATE and after is Visibility.PUBLIC:
        raise Refusal(
            "The private way has closed since this was proposed; everybody would read these words. Dismiss the "
            "suggestion, or write what everybody may read.",
            409,
            instead,
        )
    if text is None and before is not after:
        raise Refusal(
            "Who would read this has changed since it was proposed. Look at the text and send it again.", 409, instead
        )
    return way


def _reply(
    session: Session,
    runtime: Runtime,
    suggestion: Suggestion,
    answered: Message | None,
    way: Way,
    text: str,
    part: str,
    actor: str,
    now: datetime,
) -> OutboxItem:
    draft = replies.Draft(
        text,
        str(ways.visibility_of(way)),
        f"suggestion-{suggestion.id}-{part}",
        actor,
        way=way,
        answered=answered,
        suggestion_id=suggestion.id,
        template=suggestion.template,
    )
    return replies.reply(session, runtime, suggestion.conversation_id, draft, now)


def dismiss(session: Session, suggestion_id: int, actor: str, now: datetime) -> None:
    """No. Counted for the rule, so that the report shows which ones are too eager."""
    _decide(session, suggestion_id, "dismissed", actor, now)


def overtake(session: Session, conversation_id: int, now: datetime) -> None:
    """A person answered in their own way: what is still proposed here is moot."""
    overtaken = session.execute(
        update(Suggestion)
        .where(Suggestion.conversation_id == conversation_id, Suggestion.status == "open")
        .values(status="overtaken", decided_at=now)
        .returning(Suggestion.id)
    ).all()
    if overtaken:
        session.execute(update(Conversation).where(Conversation.id == conversation_id).values(open_suggestions=0))


def agent_name(session: Session, actor: str) -> str | None:
    """The signature of the person writing, or their name."""
    user = session.scalars(select(User).where(User.email == actor)).one_or_none()
    return (user.signature or user.name or None) if user is not None else None
