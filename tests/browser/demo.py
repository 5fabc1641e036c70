"""A shop's day in a database, built through the front doors: ingest, triage, outbox and the people's own verbs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select, update

from connectors import REGISTRY
from connectors.base import (
    Author,
    Connector,
    InboundMessage,
    Inspection,
    Kind,
    Page,
    Receipt,
    Usage,
    Visibility,
)
from inbox import access, canned, conversations, crises, outbox, process, replies, settings, triage
from inbox.conversations import mark_read
from inbox.db import reading, writing
from inbox.ingest import ingest
from inbox.models import Account, Conversation, Stream, User
from inbox.runtime import Runtime
from tests.browser.cast import DAY, FB, SHOP_NAME, TEXTS, Said, X
from tests.stepped_clock import SteppedClock

PICTURE = datetime(2026, 11, 10, 10, 42, tzinfo=UTC)
"""The moment the pages show: a Tuesday, 11:42 in Vienna."""
SHIPPED = Path(__file__).parents[2] / "crisis_playbook" / "rules"
SMALL = Path(__file__).parent / "playbook"
"""Enough rules for the tests, which must not depend on the words the shipped playbook is tuned by."""
PASSWORD = "correct horse battery"
ANNA, BEN, CLEO = "anna@shop.example", "ben@shop.example", "cleo@shop.example"

SETTINGS = """
[inbox]
database = "sqlite:///{database}"
shop_name = "{shop}"

[web]
listen = "127.0.0.1:{port}"
public_url = "http://127.0.0.1:{port}"

[playbook]
directory = "{playbook}"
watch = false

[automation]
delay = "0s"

[[accounts]]
name = "lindner-facebook"
channel = "facebook"
external_id = "1001"
credentials = {{ access_token = "not-a-real-token" }}

[[accounts]]
name = "lindner-instagram"
channel = "instagram"
external_id = "2002"
login = "facebook"
page_id = "1001"
credentials = {{ access_token = "not-a-real-token" }}

[[accounts]]
name = "lindner-x"
channel = "twitter"
external_id = "3003"
[accounts.credentials]
consumer_key = "not-real"
consumer_secret = "not-real"
access_token = "not-real"
access_token_secret = "not-real"
"""


def quiet(connector: type[Connector]) -> type[Connector]:
    """The real channel with its real law, whose platform takes everything and is never called."""

    class Quiet(connector):  # type: ignore[valid-type,misc]
        sent = 0

        def send(self, reply: object, now: datetime) -> Receipt:
            type(self).sent += 1
            return Receipt(external_id=f"own-{self.channel}-{type(self).sent}", sent_at=now)

        def read_thread(self, *_: object) -> Page:
            return Page(cursor={})

        def hide(self, *_: object) -> Usage:
            return Usage()

        def inspect(self, now: datetime) -> Inspection:
            return Inspection(account_name=SHOP_NAME)

    return Quiet


def seed(database: Path, clock: SteppedClock, playbook: Path = SHIPPED) -> None:
    """A shop's morning in a new database, with Anna (admin), Ben and Cleo; the clock ends at PICTURE."""
    clock.set(PICTURE - timedelta(days=20))
    runtime = open_shop(database, clock, playbook=playbook)
    _people(runtime)
    for said in sorted(DAY, key=lambda one: -one.minutes):
        clock.set(PICTURE - timedelta(minutes=said.minutes))
        arrive(runtime, said)
    _work(runtime, clock)
    clock.set(PICTURE)
    runtime.engine.dispose()


def open_shop(database: Path, clock: SteppedClock, port: int = 8080, playbook: Path = SHIPPED) -> Runtime:
    """An inbox on that database, signed in to platforms that are never called."""
    text = SETTINGS.format(database=database, shop=SHOP_NAME, port=port, playbook=playbook)
    channels = {name: quiet(connector) for name, connector in REGISTRY.items()}
    runtime = process.build(settings.load_text(text, {}, REGISTRY), channels, clock)
    process.connect(runtime)
    return runtime


def _people(runtime: Runtime) -> None:
    now = runtime.clock()
    with writing(runtime.sessions) as session:
        access.add_user(session, ANNA, PASSWORD, "admin", now, name="Anna Huber")
        access.add_user(session, BEN, PASSWORD, "agent", now, name="Ben Novak")
        access.add_user(session, CLEO, PASSWORD, "manager", now, name="Cleo Wagner")
        for name, language, text in TEXTS:
            canned.save(session, name, language, text, ANNA, now)


def arrive(runtime: Runtime, said: Said) -> None:
    """One message comes in, is judged, and what follows from it is done."""
    now = runtime.clock()
    own = said.who is None
    message = InboundMessage(
        external_id=f"{said.conversation}-{said.minutes:g}",
        conversation_id=said.conversation,
        kind=said.kind,
        visibility=Visibility.PRIVATE if said.kind is Kind.DIRECT_MESSAGE else Visibility.PUBLIC,
        own=own,
        text=said.text,
        sent_at=now,
        author=said.who or Author("1001", SHOP_NAME),
        subject=said.subject,
        permalink=f"https://social.example/{said.conversation}",
        language=said.language,
        correspondent=said.who or said.with_whom,
        summons_us=said.account == X or None,
        can_reply_privately=True if said.account == FB and said.kind is Kind.COMMENT else None,
    )
    with writing(runtime.sessions) as session:
        account = session.scalars(select(Account).where(Account.name == said.account)).one()
        account.last_success_at = now
        session.execute(update(Stream).where(Stream.account_id == account.id).values(caught_up_at=now))
        ingest(session, account, Page(cursor={}, messages=(message,)), now)
    work_off(runtime)


def work_off(runtime: Runtime) -> None:
    """Everything that is due now: judging and sending."""
    while triage.triage_one(runtime) or outbox.dispatch_one(runtime):
        pass


def conversation_id(runtime: Runtime, name: str) -> int:
    """The number of a conversation of the cast."""
    with reading(runtime.sessions) as session:
        return session.scalars(select(Conversation.id).where(Conversation.external_id == name)).one()


def _work(runtime: Runtime, clock: SteppedClock) -> None:
    """What the team has done since morning."""
    steps: tuple[tuple[float, str, Callable[..., object], tuple[object, ...]], ...] = (
        (240, "c-bernd", conversations.assign, (BEN,)),
        (60, "c-sophie", conversations.assign, (ANNA,)),
        (58, "c-sophie", conversations.change_labels, (["garantie"], [])),
        (
            40,
            "c-jana",
            conversations.add_note,
            ("Charge 2411 – bitte bei der Technik nachfragen, ob es mehr Fälle gibt. @cleo",),
        ),
        (30, "d-hanna", conversations.assign, (ANNA,)),
    )
    with writing(runtime.sessions) as session:
        for minutes, name, verb, arguments in steps:
            number = session.scalars(select(Conversation.id).where(Conversation.external_id == name)).one()
            who = CLEO if verb is conversations.add_note else ANNA
            verb(session, number, *arguments, who, clock.set(PICTURE - timedelta(minutes=minutes)))
    clock.set(PICTURE - timedelta(minutes=25))
    _answer(
        runtime,
        "d-hanna",
        "Liebe Frau Reiter, ja – am 8. Dezember haben wir von 10 bis 17 Uhr offen. Schönen Tag noch! Ben",
        BEN,
    )
    clock.set(PICTURE - timedelta(minutes=20))
    _answer(runtime, "m-lukas", "Das freut uns sehr und wir geben es gern weiter! 💛", ANNA)
    with writing(runtime.sessions) as session:
        anna = session.scalars(select(User.id).where(User.email == ANNA)).one()
        for name in ("c-franz", "m-clara", "m-lukas", "d-hanna", "c-greta", "c-bernd"):
            number = session.scalars(select(Conversation.id).where(Conversation.external_id == name)).one()
            mark_read(session, number, anna)
        number = session.scalars(select(Conversation.id).where(Conversation.external_id == "m-clara")).one()
        conversations.resolve(session, number, BEN, runtime.clock())


def _answer(runtime: Runtime, name: str, text: str, actor: str) -> None:
    number = conversation_id(runtime, name)
    with writing(runtime.sessions) as session:
        visibility = session.scalars(select(Conversation.visibility).where(Conversation.id == number)).one()
        draft = replies.Draft(text, visibility, f"demo-{name}", actor)
        replies.reply(session, runtime, number, draft, runtime.clock())
    work_off(runtime)


def declare_crisis(runtime: Runtime) -> None:
    """The storm that follows Jana's comment."""
    with writing(runtime.sessions) as session:
        crises.declare(
            session, runtime, 4, "Verletzung durch Wasserkocher AURA",
            "Eine Kundin berichtet von einer Verbrennung; zwei weitere Meldungen auf Facebook werden geprüft.",
            CLEO, runtime.clock(), owner=CLEO,
        )  # fmt: skip
