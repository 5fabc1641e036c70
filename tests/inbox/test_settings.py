"""Every setting, every mistake: the place, what is wrong, and what to write instead."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors import REGISTRY
from inbox.durations import format_duration, parse_duration
from inbox.setting_values import PROJECT
from inbox.settings import Settings, config_file, load, load_playbook_section, load_text
from inbox.settings_file import SettingsProblem, locate

GOOD = """\
[inbox]
database = "sqlite:///var/shop.db"

[web]
listen = "127.0.0.1:0"

[[accounts]]
name = "shop-twitter"
channel = "twitter"
external_id = "2244994945"
poll_every = "2s"
api_base = "http://127.0.0.1:9000/"

[accounts.credentials]
consumer_key = { env = "X_CONSUMER_KEY" }
consumer_secret = "fake-consumer-secret"
access_token = "fake-access-token"
access_token_secret = "fake-token-secret"
"""
ENVIRON = {"X_CONSUMER_KEY": "fake-consumer-key"}


def loaded(text: str = GOOD, **more: str) -> Settings:
    return load_text(text, {**ENVIRON, **more}, REGISTRY)


def complaints(text: str = GOOD, environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(SettingsProblem) as caught:
        load_text(text, ENVIRON if environ is None else environ, REGISTRY)
    return [str(mistake) for mistake in caught.value.mistakes]


def test_a_good_file() -> None:
    settings = loaded()
    account = settings.accounts[0]
    assert settings.inbox.database == f"sqlite:///{PROJECT}/var/shop.db"
    assert (settings.web.host, settings.web.port) == ("127.0.0.1", 0)
    assert account.poll_every == timedelta(seconds=2)
    assert account.api_base == "http://127.0.0.1:9000"
    assert account.as_login().credentials["consumer_key"] == "fake-consumer-key"
    assert settings.account("shop-twitter") is account


def test_defaults_are_those_of_the_contract() -> None:
    settings = loaded("")
    assert settings.inbox.database == f"sqlite:///{PROJECT}/var/zuruf.db"
    assert (settings.inbox.timezone, settings.inbox.language, settings.inbox.holidays) == (
        "Europe/Vienna",
        "de",
        ["AT"],
    )
    assert (settings.web.listen, settings.web.public_url) == ("127.0.0.1:8080", "http://127.0.0.1:8080")
    assert settings.web.metrics_open is False
    assert settings.playbook.directory == PROJECT / "crisis_playbook" / "rules"
    assert (settings.playbook.watch, settings.playbook.second_person) == (True, False)
    assert (settings.automation.delay, settings.automation.enabled) == (timedelta(seconds=10), True)
    assert settings.automation.hourly_cap == 300
    assert settings.accounts == []


def test_nothing_secret_in_what_is_printed() -> None:
    settings = loaded(GOOD.replace("sqlite:///var/shop.db", "postgresql://shop:fake-password@localhost/shop"))
    assert "fake" not in repr(settings) + str(settings) + repr(settings.accounts[0].as_login())
    assert settings.inbox.database == "postgresql+psycopg://shop:fake-password@localhost/shop"


def test_the_environment_wins() -> None:
    settings = loaded(
        ZURUF_INBOX__DATABASE="sqlite:////elsewhere/zuruf.db",
        ZURUF_INBOX__HOLIDAYS='["DE-BY", "AT-9"]',
        ZURUF_AUTOMATION__DELAY="0s",
        ZURUF_AUTOMATION__ENABLED="false",
        ZURUF_ACCOUNTS__SHOP_TWITTER__POLL_EVERY="5m",
        ZURUF_ACCOUNTS__0__CREDENTIALS__ACCESS_TOKEN="fake-from-environment",
        ZURUF_CONFIG="ignored here",
        ZURUF_RECORDED="not a setting",
        ZURUF_TEST_DATABASE="sqlite",
    )
    assert settings.inbox.database == "sqlite:////elsewhere/zuruf.db"
    assert settings.inbox.holidays == ["DE-BY", "AT-9"]
    assert (settings.automation.delay, settings.automation.enabled) == (timedelta(0), False)
    assert settings.accounts[0].poll_every == timedelta(minutes=5)
    assert settings.accounts[0].credentials["access_token"] == "fake-from-environment"
    assert loaded(ZURUF_INBOX__HOLIDAYS="AT, CH-ZH").inbox.holidays == ["AT", "CH-ZH"]


def test_a_secret_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("fake-from-file\n")
    text = GOOD.replace('"fake-access-token"', f'{{ file = "{tmp_path}/token" }}')
    assert loaded(text).accounts[0].credentials["access_token"] == "fake-from-file"
    (tmp_path / "token").write_text("")
    assert complaints(text) == [
        f"zuruf.toml:17: [accounts.credentials] access_token: the file {tmp_path}/token is empty"
    ]


MISTAKES = [
    ("database =", "databse =", 2, 'databse is unknown; write "database"'),
    ("[web]", "[wbe]", 4, 'wbe is unknown; write "web"'),
    ('"sqlite:///var/shop.db"', '"sqlite://"', 2, "name a file"),
    ('"sqlite:///var/shop.db"', '"mysql://host/shop"', 2, "mysql is not supported"),
    ('"127.0.0.1:0"', '"8080"', 5, "host:port"),
    ('"127.0.0.1:0"', '"127.0.0.1:99999"', 5, "host:port"),
    ('"shop-twitter"', '"shop twitter"', 8, "only letters"),
    ('"twitter"', '"twiter"', 9, "facebook, instagram, twitter"),
    ('"2s"', '"2 fortnights"', 11, "10s"),
    ('"2s"', '"0s"', 11, "longer than nothing"),
    ('"http://127.0.0.1:9000/"', '"http://api.example"', 12, 'write "https://api.example"'),
    ('"http://127.0.0.1:9000/"', '"https://api.example/2"', 12, 'write "https://api.example"'),
    ('"http://127.0.0.1:9000/"', '"api.example"', 12, "origin"),
    ("consumer_secret =", "consumer_secrt =", 16, 'write "consumer_secret"'),
    ('"X_CONSUMER_KEY"', '"X_NOT_SET"', 15, "X_NOT_SET is not set"),
    ('"fake-consumer-secret"', '{ fil = "x" }', 16, '{ file = "path" }'),
    ('"fake-consumer-secret"', '{ file = "/no/such/file" }', 16, "/no/such/file cannot be read"),
    ('"fake-consumer-secret"', '""', 16, "is empty"),
    ('external_id = "2244994945"\n', "", 7, "external_id is missing"),
    ('access_token = "fake-access-token"\n', "", 14, "needs: consumer_key, consumer_secret, access_token"),
    ('name = "shop-twitter"', "name = shop-twitter", 8, "Text stands in quotes"),
    ("[web]", "[web", 4, "not valid TOML"),
]


@pytest.mark.parametrize(("old", "new", "line", "words"), MISTAKES)
def test_one_mistake_one_message_with_its_line(old: str, new: str, line: int, words: str) -> None:
    assert GOOD.count(old) >= 1
    (message,) = complaints(GOOD.replace(old, new, 1))
    assert message.startswith(f"zuruf.toml:{line}: "), message
    assert words in message


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ('[inbox]\ntimezone = "Wien"', '"Europe/Vienna"'),
        ('[inbox]\nlanguage = "fr"', "'de' or 'en'"),
        ('[inbox]\nholidays = ["Austria"]', '"DE-BY"'),
        ('[automation]\nenabled = "perhaps"', "true or false"),
        ("[automation]\nhourly_cap = -1", "greater than or equal to 0"),
        ('[retention]\nmessages = "never"', '"7d"'),
        ('[logs]\nformat = "xml"', "'console' or 'json'"),
        ("[web]\nlisten = 8080", "in quotes"),
    ],
)
def test_other_sections(section: str, words: str) -> None:
    (message,) = complaints(section)
    assert message.startswith("zuruf.toml:2: ")
    assert words in message


def test_two_accounts_of_one_name() -> None:
    account = GOOD[GOOD.index("[[accounts]]") :]
    (message,) = complaints(GOOD + "\n" + account)
    assert message.startswith("zuruf.toml:21: ")
    assert '"shop-twitter" is taken' in message


def test_a_wrong_variable_is_named() -> None:
    assert complaints(environ={**ENVIRON, "ZURUF_WEB__LISTN": "x"}) == [
        'environment variable ZURUF_WEB__LISTN: [web] listn is unknown; write "listen"'
    ]
    (message,) = complaints(environ={**ENVIRON, "ZURUF_ACCOUNTS__OTHER__POLL_EVERY": "1s"})
    assert "there is no account 'other'; there are: shop-twitter" in message


def test_several_mistakes_at_once() -> None:
    text = GOOD.replace('"2s"', '"x"').replace("listen", "listn")
    assert [message.split(":")[1] for message in complaints(text)] == ["5", "11"]


def test_no_message_repeats_a_secret() -> None:
    (message,) = complaints(GOOD.replace('"fake-access-token"', '["fake-access-token"]'))
    assert "fake" not in message


def test_which_file_counts(tmp_path: Path) -> None:
    assert config_file("a.toml", {"ZURUF_CONFIG": "b.toml"}) == Path("a.toml")
    assert config_file(None, {"ZURUF_CONFIG": "b.toml"}) == Path("b.toml")
    assert config_file(None, {}) == PROJECT / "zuruf.toml"
    with pytest.raises(SettingsProblem, match=r"zuruf\.example\.toml"):
        load(tmp_path / "none.toml", {}, REGISTRY)


def test_the_example_is_true() -> None:
    text = (PROJECT / "zuruf.example.toml").read_text("utf-8")
    secrets = {name: f"fake-{name}" for name in ("X_CONSUMER_KEY", "X_CONSUMER_SECRET", "X_ACCESS_TOKEN")}
    more = {name: f"fake-{name}" for name in ("X_ACCESS_TOKEN_SECRET", "META_PAGE_TOKEN", "META_APP_SECRET")}
    settings = load_text(text, {**secrets, **more, "META_VERIFY_TOKEN": "fake-verify-token"}, REGISTRY)
    assert {account.channel for account in settings.accounts} == set(REGISTRY)


def test_lines_are_found_through_strings_lists_and_comments() -> None:
    lines = locate(
        '# x = 1\na = """\nb = 2\n"""\nlist = [\n  1, # ]\n]\n[s."t u"] # c\nk.l = 3\n'
        "[[e]]\n[[e]]\nz = [1]\n[e.f]\ng = 1\n"
    )
    assert lines == {
        ("a",): 2,
        ("list",): 5,
        ("s", "t u"): 8,
        ("s", "t u", "k"): 9,
        ("s", "t u", "k", "l"): 9,
        ("e", 0): 10,
        ("e", 1): 11,
        ("e", 1, "z"): 12,
        ("e", 1, "f"): 13,
        ("e", 1, "f", "g"): 14,
    }


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("10s", 10), ("500ms", 0.5), ("1h30m", 5400), ("2 d", 172800), ("0s", 0), (60, 60), ("60", 60), ("1.5m", 90)],
)
def test_durations(written: Any, seconds: float) -> None:
    assert parse_duration(written) == timedelta(seconds=seconds)
    assert parse_duration(format_duration(timedelta(seconds=seconds))) == timedelta(seconds=seconds)


@pytest.mark.parametrize("written", ["", "soon", "-5s", "5 parsecs", "1h soon", True, None, "9" * 30 + "d"])
def test_durations_that_are_none(written: Any) -> None:
    with pytest.raises(ValueError, match=r"duration|long"):
        parse_duration(written)


def test_a_place_without_holidays_is_named_with_its_line() -> None:
    text = GOOD.replace("[web]", 'holidays = ["DE-XX"]\n[web]')
    assert complaints(text)[0].startswith('zuruf.toml:4: [inbox] holidays: DE has no state "XX". Write DE alone or')
    text = GOOD.replace("[web]", 'holiday_categories = ["pulic"]\n[web]')
    assert complaints(text)[0].startswith("zuruf.toml:4: [inbox] holiday_categories: The holidays of AT have no")


def test_what_is_missing_says_what_to_add() -> None:
    assert complaints(GOOD.replace('external_id = "2244994945"\n', "")) == [
        'zuruf.toml:7: [accounts] external_id is missing; add external_id = "…"'
    ]


def test_a_file_of_another_encoding_is_refused_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "zuruf.toml"
    file.write_bytes('[inbox]\nshop_name = "Glück"\n'.encode("latin-1"))
    with pytest.raises(SettingsProblem, match=r"zuruf\.toml:2: not UTF-8 text; save the file as UTF-8"):
        load(file, {}, REGISTRY)
    file.write_text('\ufeff[inbox]\nshop_name = "Glück"\n', "utf-8")
    assert load(file, {}, REGISTRY).inbox.shop_name == "Glück"


def test_the_playbook_s_section_is_read_without_the_accounts_secrets(tmp_path: Path) -> None:
    file = tmp_path / "zuruf.toml"
    file.write_text(GOOD + '[playbook]\ndirectory = "rules"\n')
    assert load_playbook_section(file, {}).directory == PROJECT / "rules"
    assert load_playbook_section(file, {"ZURUF_PLAYBOOK__DIRECTORY": "/others"}).directory == Path("/others")
    assert load_playbook_section(None, {}).directory == PROJECT / "crisis_playbook/rules"
    file.write_text('[playbook]\ndirectry = "rules"\n')
    with pytest.raises(SettingsProblem, match=r'zuruf.toml:2: \[playbook\] directry is unknown; write "directory"'):
        load_playbook_section(file, {})
