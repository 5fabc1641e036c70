"""The shipped reply templates: in both languages, within every platform's limits, whatever variables are missing."""

from __future__ import annotations

from pathlib import Path

import pytest
from jinja2 import ChainableUndefined, FileSystemLoader, meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

from connectors.twitter_text import POST_LIMIT, weighted_length
from tests.crisis_playbook.shipped import LANGUAGES, PUBLIC, REPLIES, playbook, template_names

PRIVATE_LIMIT = 1000
"""Bytes of an Instagram message, the least of the three platforms."""
AUTOMATIC = ("first-reply", "first-reply-concern", "price-information", "opening-hours", "holding-statement")
IN_PUBLIC = ("praise-thanks", "scam-warning", "boycott-response", "public-price-information", "public-opening-hours")
VARIABLES: dict[str, object] = {
    "open": True,
    "contact_name": "Maximiliane Hollenthoner-Österreicher",
    "shop_name": "Kaufhaus Morgenröte am Naschmarkt",
    "usual_reply_time": "innerhalb von 2 Stunden",
    "next_opening": "Montag, 7. Dezember, ab 8:30 Uhr",
    "opening_hours": "Mo–Do 8:30–12:00 und 13:00–17:30, Fr 8:30–14:00",
    "deep_link": "https://m.me/1234567890123456",
    "shop_url": "https://shop.example/angebote",
    "privacy_url": "https://shop.example/datenschutz",
    "agent_name": "Anna",
    "private_message_sent": True,
    "language": "de",
}
SETTINGS: dict[str, dict[str, object]] = {
    "everything": {},
    "closed": {"open": False},
    "closed, no opening known": {"open": False, "next_opening": None},
    "asks to write first": {"private_message_sent": False},
    "no link": {"private_message_sent": False, "deep_link": None},
    "nothing": dict.fromkeys(VARIABLES),
}
FILES = sorted(path for language in LANGUAGES for path in (REPLIES / language).glob("*.txt"))


def environment() -> ImmutableSandboxedEnvironment:
    return ImmutableSandboxedEnvironment(loader=FileSystemLoader(REPLIES), undefined=ChainableUndefined)


def rendered(path: Path, setting: str) -> str:
    variables = VARIABLES | SETTINGS[setting]
    template = environment().get_template(f"{path.parent.name}/{path.name}")
    return template.render({name: value for name, value in variables.items() if value is not None}).strip()


def named(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def test_every_template_exists_in_both_languages() -> None:
    german, english = ({path.name for path in (REPLIES / language).glob("*.txt")} for language in LANGUAGES)
    assert german == english


def test_every_template_a_rule_names_exists_and_every_template_is_named() -> None:
    assert playbook().templates == template_names()


def test_everything_moved_to_private_has_a_public_note() -> None:
    moved = {t for rule in playbook().rules for kind, t in rule.then.suggestions if kind == "move_to_private"}
    missing = [name for name in sorted(moved) if not (REPLIES / "de" / f"{name}{PUBLIC}.txt").exists()]
    assert moved
    assert missing == []


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("path", FILES, ids=named)
def test_a_template_says_something_whole_within_the_limits(path: Path, setting: str) -> None:
    text = rendered(path, setting)
    assert len(text) > 20
    for sign in ("{", "}", "None", "  ", " .", " ,", ",,", "..", ": .", "\n\n\n"):
        assert sign not in text, f"{sign!r} in {text!r}"
    if path.stem.endswith(PUBLIC) or path.stem in IN_PUBLIC:
        assert weighted_length(text) <= POST_LIMIT
    else:
        assert len(text.encode()) <= PRIVATE_LIMIT


@pytest.mark.parametrize("path", FILES, ids=named)
def test_a_template_uses_only_documented_variables(path: Path) -> None:
    used = meta.find_undeclared_variables(environment().parse(path.read_text(encoding="utf-8")))
    documented = (REPLIES / "README.md").read_text(encoding="utf-8")
    assert {name for name in used if f"`{name}`" not in documented} == set()


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("name", AUTOMATIC)
def test_what_is_sent_by_itself_says_so_and_how_to_end_it(name: str, setting: str) -> None:
    for language, disclosure in (("de", "Automatische Antwort"), ("en", "Automatic reply")):
        text = rendered(REPLIES / language / f"{name}.txt", setting)
        assert disclosure in text
        assert "STOP" in text


def test_automatic_are_exactly_the_templates_that_rules_and_levels_send() -> None:
    shipped = playbook()
    sent = {rule.then.reply for rule in shipped.rules if rule.then.reply}
    sent |= {level.automatic_replies for level in shipped.levels.values()} - {"normal", "none"}
    assert sent == set(AUTOMATIC)


@pytest.mark.parametrize("path", [p for p in FILES if p.parent.name == "de"], ids=named)
def test_german_says_sie_throughout(path: Path) -> None:
    words = set(rendered(path, "everything").split())
    assert words.isdisjoint({"du", "dir", "dich", "dein", "deine", "euch", "euer", "eure"})


def test_a_public_note_only_claims_a_private_message_that_was_sent() -> None:
    for path in FILES:
        if path.stem.endswith(PUBLIC):
            text = rendered(path, "asks to write first")
            assert "geschickt" not in text
            assert "privat geschrieben" not in text
            assert "have sent" not in text
            assert "have written" not in text


@pytest.mark.parametrize("path", [path for path in FILES if not path.stem.endswith(".public")], ids=named)
def test_every_template_has_a_title_for_the_team(path: Path) -> None:
    title = path.read_text("utf-8").splitlines()[0]
    assert title.startswith("{# ")
    assert path.stem not in title
