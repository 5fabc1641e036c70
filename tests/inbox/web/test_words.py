"""Every string in German and English, as people write there."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TextIO
from zoneinfo import ZoneInfo

import pytest
from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

from inbox import last_look, settling, ways
from inbox import refusals as platform_refusals
from inbox.models import OutboxItem
from inbox.web.allowances import allowance
from inbox.web.format import Format, initials, share_gone
from inbox.web.i18n import LOCALES, choose_language, locale_name, translations
from inbox.web.refusals import SENTENCES, translated

PROJECT = Path(__file__).resolve().parents[3]
NOW = datetime(2027, 1, 5, 11, 0, tzinfo=UTC)
READ_MAPPING: Callable[[TextIO], tuple[list[tuple[str, str]], dict[str, dict[str, Any]]]] = parse_mapping_cfg
"""Babel says nothing of its types: patterns with their methods, and the options of each pattern."""
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|\{(\w+)\}")


def german() -> Catalog:
    with (LOCALES / "de" / "LC_MESSAGES" / "messages.po").open("rb") as source:
        return read_po(source, locale="de")


def in_the_sources() -> set[str]:
    """Every text in pages and handlers, collected anew."""
    with (PROJECT / "inbox/web/babel.cfg").open() as source:
        methods, options = READ_MAPPING(source)
    found: set[str] = set()
    for folder in ("inbox/web", "templates/web"):
        rooted = [(pattern.removeprefix(f"{folder}/"), method) for pattern, method in methods]
        for _, _, message, *_ in extract_from_dir(PROJECT / folder, rooted, options):
            found.add(message if isinstance(message, str) else message[-2] if len(message) > 2 else message[0])
    return found


def test_every_text_is_translated() -> None:
    catalogue = german()
    ids = {message.id if isinstance(message.id, str) else message.id[0] for message in catalogue if message.id}
    missing = {text for text in in_the_sources() if text not in ids}
    assert missing == set(), "run ./run messages and translate them"
    empty = [message.id for message in catalogue if message.id and not all(_texts(message.string))]
    assert empty == []


def test_placeholders_survive_translation() -> None:
    for message in german():
        if message.id:
            wanted = {match[0] for text in _texts(message.id) for match in PLACEHOLDER.finditer(text)}
            for text in _texts(message.string):
                assert {match[0] for match in PLACEHOLDER.finditer(text)} <= wanted, message.id


def _texts(value: str | Iterable[str | None] | None) -> list[str]:
    return [value or ""] if value is None or isinstance(value, str) else [text or "" for text in value]


def test_every_sentence_of_the_platforms_law_is_german() -> None:
    texts = translations("de")
    for sentence in (
        *SENTENCES,
        *ways.SENTENCES.values(),
        *ways.INSTEAD.values(),
        *platform_refusals.SENTENCES.values(),
    ):
        assert translated(sentence, texts) != sentence, sentence


def test_refusals_with_numbers_are_german() -> None:
    texts = translations("de")
    english = "The text is too long: 300 of 280 as the platform counts. Shorten it; it is never split."
    assert translated(english, texts).startswith("Der Text ist zu lang: 300 von 280")
    assert translated(english, translations("en")) == english
    assert translated("Nothing anybody foresaw.", texts) == "Nothing anybody foresaw."
    said = f"{platform_refusals.SENTENCES[next(iter(platform_refusals.SENTENCES))]} (The platform: (#10) no)"
    assert translated(said, texts).endswith("(Die Plattform: (#10) no)")


@pytest.mark.parametrize("doubt", [last_look.UNREADABLE, last_look.GREW, last_look.COUNTED, last_look.ABSENT])
def test_what_became_of_a_reply_is_german(doubt: last_look.Doubt) -> None:
    texts = translations("de")
    item = OutboxItem()
    settling.doubt(item, "The request to /v26.0/1/messages was sent and its answer is lost: cut.", NOW)
    said = translated(item.reason, texts)
    assert said.startswith("Vielleicht ist sie hinausgegangen; auf der Plattform wird nachgesehen. Die Rückmeldung")
    held = f"Not sent automatically: {doubt.sentence} Look at the thread, then answer or try again."
    assert translated(held, texts).startswith(f"Nicht automatisch gesendet: {translated(doubt.sentence, texts)} Sehen")
    waiting = f"Waiting: {doubt.sentence} Looking again."
    assert translated(waiting, texts).startswith(f"Wartet: {translated(doubt.sentence, texts)} Es wird")
    assert translated(doubt.sentence, texts) != doubt.sentence


def test_times_are_as_short_as_they_can_be() -> None:
    german, english = reader("de"), reader("en")
    assert [form.lately(NOW - timedelta(hours=2)) for form in (german, english)] == ["10:00", "10:00"]
    assert german.lately(NOW - timedelta(hours=20)) == "gestern 16:00"
    assert german.lately(NOW + timedelta(days=2)) == "7. Jän. 12:00"
    assert german.lately(NOW - timedelta(days=30)) == german.moment(NOW - timedelta(days=30))


def reader(language: str, zone: str = "Europe/Vienna") -> Format:
    return Format(translations(language), Locale.parse(locale_name(language, zone)), ZoneInfo(zone), NOW)


@pytest.mark.parametrize(
    ("minutes", "german", "english"),
    [
        (12, "noch 12 min", "12 min left"),
        (0.5, "noch unter 1 min", "under 1 min left"),
        (80, "noch 1 h 20 min", "1 h 20 min left"),
        (300, "noch 5 h", "5 h left"),
        (2 * 1440 + 5, "noch 2 Tage", "2 days left"),
        (-40, "seit 40 min überfällig", "overdue for 40 min"),
        (-2 * 1440, "seit 2 Tagen überfällig", "overdue for 2 days"),
    ],
)
def test_clocks_are_words(minutes: float, german: str, english: str) -> None:
    due = NOW + timedelta(minutes=minutes)
    assert reader("de").left(due) == german
    assert reader("en").left(due) == english


def test_austrians_say_jaenner() -> None:
    assert reader("de").date(NOW) == "5. Jänner 2027"
    assert reader("de", "Europe/Berlin").date(NOW) == "5. Januar 2027"
    assert reader("en").date(NOW) == "5 January 2027"


def test_days_are_those_of_the_shop() -> None:
    """Late in the evening UTC it is the next day in Vienna already."""
    late = datetime(2027, 1, 4, 23, 30, tzinfo=UTC)
    assert reader("de").day(late) == "Heute"
    assert reader("de").short(late) == "00:30"
    assert reader("de").day(late - timedelta(hours=2)) == "Gestern"
    assert reader("en").short(late - timedelta(days=3)) == "Sat"
    assert reader("de").short(datetime(2026, 11, 10, 12, tzinfo=UTC)) == "10. Nov."
    assert reader("de").weekday(date(2027, 1, 4)) == "Mo."


def test_numbers_are_those_of_the_region() -> None:
    assert reader("de").dollars(1234.5) in ("1.234,50 $", "1\xa0234,50 $")
    assert reader("en").dollars(1234.5) == "1,234.50 $"
    assert reader("de").percent(0.934) == "93 %"


@pytest.mark.parametrize(
    ("wanted", "accepted", "language"),
    [
        ("en", "de-AT", "en"),
        (None, "fr-FR, de-AT;q=0.8, en;q=0.7", "de"),
        (None, "en-GB,en;q=0.9", "en"),
        (None, "", "de"),
        ("xx", "ja", "de"),
    ],
)
def test_the_language_is_chosen(wanted: str | None, accepted: str, language: str) -> None:
    assert choose_language(wanted, accepted, "de") == language


def test_shares_stay_between_nothing_and_everything() -> None:
    hour = timedelta(hours=1)
    assert share_gone(NOW - hour, NOW + 3 * hour, NOW) == 25
    assert share_gone(NOW - hour, NOW - hour / 2, NOW) == 100
    assert share_gone(NOW + hour, NOW + 2 * hour, NOW) == 0
    assert share_gone(None, NOW - hour, NOW) == 100


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Jana Köhler-Brandstätter", "JB"), ("nina.h", "NH"), ("@sophie", "S"), ("", "?"), (None, "?"), ("🙂", "?")],
)
def test_initials(name: str | None, letters: str) -> None:
    assert initials(name) == letters


def test_every_event_has_words() -> None:
    """Whatever the inbox writes down can be read in a timeline: no code name reaches a page."""
    template = (PROJECT / "templates" / "web" / "words.html").read_text("utf-8")
    named = set(re.findall(r'"([a-z]+(?:_[a-z]+)*)"', template[template.index("macro event_word") :]))
    recorded: set[object] = set()
    for path in (PROJECT / "inbox").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("events.record", "record"):
                recorded |= {arg.value for arg in node.args[1:2] if isinstance(arg, ast.Constant)}
    assert len(recorded) > 30
    assert recorded - named == set()


def test_what_is_not_there_is_named_in_german() -> None:
    """Every kind of thing the inbox looks for, read from the code that does not find it."""
    texts = translations("de")
    named: set[str] = set()
    for path in (PROJECT / "inbox").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "NotThere" and "commands" not in path.parts:
                parts = node.args[0].values if isinstance(node.args[0], ast.JoinedStr) else [node.args[0]]
                named.add("".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in parts))
    assert len(named) > 12
    for what in named:
        assert (said := translated(f"There is no {what}.", texts)) != f"There is no {what}."
        assert not re.search(r"conversation|contact|version 7|there is", said, re.IGNORECASE) or "Version" in said
    assert translated("There is no conversation 99999.", texts) == "Das Gespräch 99999 gibt es nicht, oder nicht mehr."


def test_allowances_are_german() -> None:
    assert allowance("own account, 15 minutes", translations("de")) == "Eigenes Konto, 15 Minuten"
    assert allowance("messenger", translations("de")) == "Messenger"
    assert allowance("posts, 24 hours, whole app", translations("en")) == "Posts, 24 hours, whole app"
