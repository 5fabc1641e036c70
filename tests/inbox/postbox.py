"""A platform that does as it is told, its connector, and a daemon of one process on a stepped clock around both."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from sqlalchemy import inspect, select

from connectors.base import (
    Author,
    Capabilities,
    ChangeKind,
    Cursor,
    Delivery,
    FilesTaken,
    InboundMessage,
    Inspection,
    Kind,
    Login,
    MediaFile,
    NewLogin,
    Page,
    Poll,
    Receipt,
    Reply,
    Situation,
    Stream,
    Subject,
    Uploaded,
    Usage,
    Visibility,
    Way,
    WayOption,
    WayState,
)
from inbox import process, push, replies, work
from inbox.db import reading, writing
from inbox.models import Account, Base, Conversation, Event, Message, OutboxItem, Suggestion
from inbox.models import Stream as StreamRow
from inbox.runtime import Runtime
from inbox.settings import (
    AccountSettings,
    AutomationSettings,
    InboxSettings,
    NoticeSettings,
    PlaybookSettings,
    Settings,
    WebSettings,
)
from tests.own_loop import in_a_loop_of_its_own
from tests.stepped_clock import SteppedClock

WINDOW = timedelta(hours=24)
SIGNED = b"signed:"
PLAYBOOK = """
teams:
  social: {members: [anna@shop.example, nobody@shop.example]}
hours:
  support: {open: {mon-fri: ["08:00-18:00"]}, holidays: [AT]}
targets:
  - {when: {severity: crisis}, first_response: 15m, hours: always}
  - {first_response: 1h, next_response: 2h, hours: support}
topics:
  complaint: {any: ["kaputt", "frechheit"]}
rules:
  - {rule: to-nobody, when: {text_any: [chef]}, then: [{assign: nobody@shop.example}, {label: boss}], continue: true,
     examples: {applies: [Ich will den Chef sprechen]}}
  - {rule: danger, severity: crisis, when: {text_any: [explodiert]}, then: [{hold_replies: for_approval}, {raise: 2}],
     examples: {applies: [Es ist explodiert]}}
  - {rule: complaint, severity: watch, when: {visibility: public, topic: complaint},
     then: [{suggest: {move_to_private: to-private}}, {label: complaint}], examples: {applies: [kaputt]}}
  - {rule: loud-hello, when: {visibility: public, text_any: [huhu]}, then: [{reply: {public: hello}}],
     examples: {applies: [huhu]}}
  - {rule: quiet-hello, when: {visibility: public, text_any: [servus]}, then: [{reply: hello}],
     examples: {applies: [servus]}}
  - {rule: first-reply, when: {visibility: private, first_of_conversation: true}, then: [{reply: hello}]}
alarms:
  - {alarm: wave, count: {label: complaint}, at_least: 4, people: 3, within: 60m, level: 4, cooldown: 60m}
levels:
  2: {title: Gegenwind}
  3: {title: Halt, automatic_replies: holding, hold_replies: for_approval}
  4: {title: Krise, automatic_replies: none, hold_replies: for_approval, expires: 24h}
"""
TEMPLATES = {
    "hello": "Guten Tag! Wir melden uns. (Automatische Antwort)",
    "to-private": "Bitte schreiben Sie uns hier.",
    "holding": "Wir prüfen das gerade. (Automatische Antwort)",
}
Answer = Page | Exception
Row = TypeVar("Row", bound=Base)


@dataclass
class Postbox:
    """What the platform says when it is asked, and what it was asked."""

    pages: dict[str, list[Answer]] = field(default_factory=lambda: defaultdict(list))
    streams: tuple[Stream, ...] = (Stream("comments"), Stream("messages"))
    threads: dict[str, list[InboundMessage]] = field(default_factory=dict)
    thread_troubles: list[Answer] = field(default_factory=list)
    before_thread: Callable[[], None] = lambda: None
    """Happens while a thread is read again: somebody else is always faster."""
    answers: list[Receipt | Exception] = field(default_factory=list)
    during_send: Callable[[], None] = lambda: None
    during_look: Callable[[], None] = lambda: None
    found: list[Receipt | Exception | None] = field(default_factory=list)
    again: list[Answer] = field(default_factory=list)
    hides: list[Exception] = field(default_factory=list)
    new_logins: list[NewLogin | Exception] = field(default_factory=list)
    inspections: list[Inspection | Exception] = field(default_factory=list)
    uploads: list[Exception] = field(default_factory=list)
    during_upload: Callable[[], None] = lambda: None
    uploaded: list[MediaFile] = field(default_factory=list)
    sent: list[Reply] = field(default_factory=list)
    resting: frozenset[str] = frozenset()
    """What the last fetch was told to leave alone."""
    asked: list[str] = field(default_factory=list)

    delivered: list[InboundMessage] = field(default_factory=list)
    """What the pages held: a thread that nobody says anything else about shows this when it is read again."""

    def shown(self, conversation_id: str) -> tuple[InboundMessage, ...]:
        return tuple(one for one in self.delivered if one.conversation_id == conversation_id)

    def connector(self) -> type[PostboxConnector]:
        """The class that speaks to this box."""
        return type("Connected", (PostboxConnector,), {"box": self})


class PostboxConnector:
    """Two streams, comments and letters; answers as a platform with a 24-hour window does."""

    box: ClassVar[Postbox]
    channel: ClassVar[str] = "postbox"
    required_credentials: ClassVar[tuple[tuple[str, ...], ...]] = (("access_token",),)
    capabilities: ClassVar[Capabilities] = Capabilities(
        title="Postbox", kinds=frozenset(Kind), can_hide=True, sends_per_minute=6000, prices={"letter": 0.01},
        ways=frozenset({Way.PUBLIC_REPLY, Way.PRIVATE_REPLY, Way.DIRECT_MESSAGE}),
        way_allowances={Way.PRIVATE_REPLY: "private", Way.DIRECT_MESSAGE: "private", Way.PUBLIC_REPLY: "public"},
    )  # fmt: skip

    def __init__(self, login: Login) -> None:
        self.login = login

    def streams(self) -> tuple[Stream, ...]:
        return self.box.streams

    def fetch(self, stream: str, cursor: Cursor | None, poll: Poll) -> Page:
        self.box.asked.append(f"fetch {stream}")
        self.box.resting = poll.resting
        waiting = self.box.pages[stream]
        return self._give(waiting.pop(0)) if waiting else Page(cursor or {"at": 0})

    def look_again(self, external_ids: Sequence[str], poll: Poll) -> Page:
        self.box.asked.append("look_again")
        self.box.during_look()
        return self._give(self.box.again.pop(0)) if self.box.again else Page({})

    def read_thread(self, conversation_id: str, kind: Kind, poll: Poll) -> Page:
        self.box.asked.append("read_thread")
        self.box.before_thread()
        if self.box.thread_troubles:
            return self._give(self.box.thread_troubles.pop(0))
        if conversation_id in self.box.threads:
            return Page({}, messages=tuple(self.box.threads[conversation_id]))
        return Page({}, messages=self.box.shown(conversation_id))

    def upload(self, file: MediaFile, way: Way, now: datetime) -> Uploaded:
        self.box.uploaded.append(file)
        self.box.during_upload()
        if self.box.uploads:
            raise self.box.uploads.pop(0)
        return Uploaded(f"media-{len(self.box.uploaded)}", now + timedelta(hours=1), Usage(1))

    def send(self, reply: Reply, now: datetime) -> Receipt:
        self.box.sent.append(reply)
        self.box.during_send()
        answer = self.box.answers.pop(0) if self.box.answers else Receipt(f"own-{len(self.box.sent)}", sent_at=now)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def find_own(self, reply: Reply, now: datetime) -> Receipt | None:
        self.box.asked.append("find_own")
        found = self.box.found.pop(0) if self.box.found else None
        if isinstance(found, Exception):
            raise found
        return found

    def hide(self, external_id: str, hidden: bool, now: datetime) -> Usage:
        self.box.asked.append("hide")
        if self.box.hides:
            raise self.box.hides.pop(0)
        return Usage()

    def inspect(self, now: datetime) -> Inspection:
        answer = self.box.inspections.pop(0) if self.box.inspections else Inspection("Postbox")
        if isinstance(answer, Exception):
            raise answer
        return answer

    def refresh_login(self, now: datetime) -> NewLogin | None:
        self.box.asked.append(f"refresh {self.login.credentials['access_token']}")
        new = self.box.new_logins.pop(0) if self.box.new_logins else None
        if isinstance(new, Exception):
            raise new
        return new

    @staticmethod
    def ways(situation: Situation) -> tuple[WayOption, ...]:
        if situation.kind is Kind.DIRECT_MESSAGE:
            ends = (situation.last_inbound_at or situation.now) + WINDOW
            open_ = situation.last_inbound_at is not None and situation.now < ends
            state = WayState.AVAILABLE if open_ else WayState.EXPIRED
            return (WayOption(Way.DIRECT_MESSAGE, state, "open" if open_ else "window_closed", ends),)
        private, reason = WayState.AVAILABLE, "open"
        if situation.private_reply_used or situation.can_reply_privately is False:
            private, reason = WayState.USED, "already_replied_privately"
        if situation.target_deleted:
            gone = WayState.NOT_PERMITTED, "target_gone"
            return WayOption(Way.PRIVATE_REPLY, *gone), WayOption(Way.PUBLIC_REPLY, *gone)
        in_public = WayOption(Way.PUBLIC_REPLY, WayState.AVAILABLE, "open")
        if situation.summons_us is False:
            in_public = WayOption(Way.PUBLIC_REPLY, WayState.NOT_PERMITTED, "not_summoned")
        return WayOption(Way.PRIVATE_REPLY, private, reason), in_public

    @staticmethod
    def files_taken(way: Way, options: Mapping[str, str]) -> FilesTaken | None:
        if way is Way.DIRECT_MESSAGE:
            return FilesTaken({"image/png": 1000, "image/jpeg": 1000}, Delivery.UPLOADED, with_text=False)
        if way is Way.PUBLIC_REPLY:
            return FilesTaken({"image/png": 1000}, Delivery.FETCHED, most=2, longest_alternative_text=20)
        return None

    @staticmethod
    def text_length(text: str, way: Way) -> int:
        return len(text)

    @staticmethod
    def text_limit(way: Way) -> int:
        return 1000

    def answer_challenge(self, query: Mapping[str, str]) -> str | None:
        return query.get("challenge")

    def signature_fits(self, headers: Mapping[str, str], body: bytes) -> bool:
        return headers.get("x-signature") == "fits"

    def read_push(self, body: bytes, now: datetime) -> Page:
        given = self.box.pages[f"push {body.decode()}"]
        if not given:
            raise KeyError("what is this?")
        return self._give(given.pop(0))

    def _give(self, answer: Answer) -> Page:
        if isinstance(answer, Exception):
            raise answer
        gone = {change.external_id for change in answer.changes if change.kind is ChangeKind.DELETED}
        self.box.delivered = [one for one in self.box.delivered if one.external_id not in gone]
        self.box.delivered += answer.messages
        return answer


class Office:
    """One process of the daemon around one postbox account. Nothing runs until `work` or `live` is called."""

    def __init__(
        self, database_url: str, folder: Path, clock: SteppedClock, box: Postbox, *, name: str = "box",
        automation: AutomationSettings | None = None, accounts: Sequence[str] = (),
        connected_at: datetime | None = None, token: str = "fake-token-0",
        monthly_budget: float | None = None, public_url: str = "http://127.0.0.1:8080",
    ) -> None:  # fmt: skip
        rules, templates = folder / "rules", folder / "templates"
        if not rules.exists():
            rules.mkdir()
            (templates / "de").mkdir(parents=True)
            (rules / "00.yml").write_text(PLAYBOOK, "utf-8")
            for template, text in TEMPLATES.items():
                (templates / "de" / f"{template}.txt").write_text(text, "utf-8")
        self.clock, self.box, self.name = clock, box, name
        configured = [
            AccountSettings(
                name=one,
                channel="postbox",
                external_id=str(number),
                poll_every="10s",
                credentials={"access_token": token},
                monthly_budget=monthly_budget,
            )
            for number, one in enumerate(accounts or [name], 1)
        ]
        settings = Settings(
            inbox=InboxSettings(database=database_url),
            web=WebSettings(public_url=public_url),
            automation=automation or AutomationSettings(),
            notices=NoticeSettings(enabled=False),
            playbook=PlaybookSettings(directory=rules, templates=templates, watch=False),
            accounts=configured,
        )
        self.runtime: Runtime = process.build(settings, {"postbox": box.connector()}, clock)
        process.connect(self.runtime, connected_at)

    def close(self) -> None:
        """This process is gone."""
        self.runtime.engine.dispose()

    def work(self, *names: str) -> int:
        """Do all that is due now (of these kinds, or of all); how many pieces it were."""
        done, busy = 0, True
        while busy:
            busy = False
            for unit in work.UNITS:
                while (not names or unit.name in names) and unit.work(self.runtime):
                    done, busy = done + 1, True
                    assert done < 2000, f"{unit.name} never ends"
        return done

    def live(self, seconds: float, step: float = 5.0) -> None:
        """Let time pass, working all the while."""
        end = self.clock() + timedelta(seconds=seconds)
        self.work()
        while self.clock() < end:
            self.clock.advance(seconds=step)
            work.wake_and_breach(self.runtime)
            self.work()

    def arrive(self, *messages: InboundMessage, stream: str = "messages") -> None:
        """These stand in the next page, which is fetched and understood now; nothing is sent yet."""
        self.box.pages[stream].append(Page({"at": 1}, messages=messages))
        self.clock.advance(seconds=11)
        self.work("poll", "triage")

    def push(self, body: bytes, account: str = "box", signature: str = "fits") -> int:
        """The platform tells us something; the status it is answered with."""
        headers = {"X-Signature": signature}
        return in_a_loop_of_its_own(push.receive(self.runtime, account, headers, body, self.clock()))

    def letter(self, text: str = "Guten Tag, eine Frage.", person: str = "jana", **parts: Any) -> InboundMessage:
        """A private message, just written."""
        return letter(text, person, self.clock(), **parts)

    def comment(self, text: str, person: str = "jana", **parts: Any) -> InboundMessage:
        """A public comment, just written."""
        return comment(text, person, self.clock(), **parts)

    def reply(self, conversation_id: int, text: str, visibility: str = "private", key: str = "k1",
              actor: str = "anna@shop.example") -> OutboxItem:  # fmt: skip
        """A colleague answers."""
        with writing(self.runtime.sessions) as session:
            draft = replies.Draft(text, visibility, key, actor)
            return replies.reply(session, self.runtime, conversation_id, draft, self.clock())

    def rows(self, model: type[Row], **where: object) -> list[Row]:
        """Rows of one table, oldest first."""
        with reading(self.runtime.sessions) as session:
            in_order = inspect(model).primary_key
            return list(session.scalars(select(model).filter_by(**where).order_by(*in_order)))

    @property
    def outbox(self) -> list[OutboxItem]:
        return self.rows(OutboxItem)

    @property
    def states(self) -> list[str]:
        """How the replies stand."""
        return [item.state for item in self.outbox]

    @property
    def account(self) -> Account:
        return self.rows(Account)[0]

    @property
    def conversation(self) -> Conversation:
        """The only one."""
        (one,) = self.rows(Conversation)
        return one

    @property
    def suggestions(self) -> list[Suggestion]:
        return self.rows(Suggestion)

    def stream(self, name: str = "messages") -> StreamRow:
        """A stream of the first account."""
        return self.rows(StreamRow, name=name, account_id=self.account.id)[0]

    def told(self, kind: str) -> list[dict[str, object]]:
        """What the timeline says of this kind."""
        return [event.data for event in self.rows(Event, kind=kind)]

    def texts(self) -> list[str]:
        return [message.text for message in self.rows(Message)]


def letter(text: str, person: str, at: datetime, **parts: Any) -> InboundMessage:
    """A private message of a person, in their one thread."""
    author = Author(person, person.title(), person)
    plain = InboundMessage(
        external_id=f"l-{person}-{at.timestamp():.0f}-{zlib.crc32(text.encode('utf-8', 'replace')) % 10_000}",
        conversation_id=f"t-{person}",
        kind=Kind.DIRECT_MESSAGE,
        visibility=Visibility.PRIVATE,
        own=False,
        text=text,
        sent_at=at,
        author=author,
        correspondent=author,
    )
    return replace(plain, **parts)


def comment(text: str, person: str, at: datetime, **parts: Any) -> InboundMessage:
    """A public comment of a person, a thread of its own under one post."""
    own_id = f"c-{person}-{at.timestamp():.0f}-{zlib.crc32(text.encode('utf-8', 'replace')) % 10_000}"
    plain = InboundMessage(
        external_id=own_id, conversation_id=own_id, kind=Kind.COMMENT, visibility=Visibility.PUBLIC, own=False,
        text=text, sent_at=at, author=Author(person, person.title(), person), subject=Subject("post-1", "Neue Schuhe"),
        can_reply_privately=True,
    )  # fmt: skip
    return replace(plain, **parts)
