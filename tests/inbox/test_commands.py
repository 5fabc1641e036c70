"""The commands as somebody types them, on a configuration and a database of their own."""

from __future__ import annotations

import argparse
import io
import json
import logging
import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from connectors import REGISTRY
from connectors.sandbox import Sandbox
from inbox import access
from inbox.commands import add_all
from inbox.db import reading, writing
from inbox.errors import InboxError, NotThere, Refusal
from inbox.models import Contact, Conversation, Event
from inbox.setting_values import PROJECT
from tests.databases import ON_POSTGRESQL
from tests.inbox.rows import MOMENT, add_account, add_conversation, add_message
from tests.stepped_clock import SteppedClock

Run = Callable[..., int]


@pytest.fixture(autouse=True)
def the_log_goes_back_where_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def config(tmp_path: Path, database_url: str) -> Path:
    file = tmp_path / "zuruf.toml"
    file.write_text(f'[inbox]\ndatabase = "{database_url}"\n')
    return file


@pytest.fixture
def run(config: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("ZURUF_CONFIG", str(config))
    parser = argparse.ArgumentParser()
    parser.set_defaults(channels=lambda: REGISTRY)
    add_all(parser.add_subparsers(required=True))

    def typed(*words: str, piped: str = "") -> int:
        monkeypatch.setattr(sys, "stdin", io.StringIO(piped))
        parsed = parser.parse_args(words)
        code: int = parsed.handle(parsed)
        return code

    return typed


def test_a_user_is_added_listed_and_disabled(
    run: Run, sessions: sessionmaker[Session], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("user", "add", "Anna@Shop.example", "--role", "manager", piped="a long password\n") == 0
    assert run("user", "add", "boss@shop.example", "--role", "admin", piped="another password\n") == 0
    capsys.readouterr()
    assert run("user", "list") == 0
    assert "anna@shop.example" in capsys.readouterr().out
    assert access.verify(sessions, "anna@shop.example", "a long password", "127.0.0.1", SteppedClock()())
    assert run("user", "disable", "anna@shop.example") == 0
    assert run("user", "list", "--json") == 0
    people = json.loads(capsys.readouterr().out.split("more.\n")[1])
    assert {person["email"]: person["disabled_at"] is None for person in people} == {
        "anna@shop.example": False,
        "boss@shop.example": True,
    }


def test_a_short_password_and_an_unknown_user_are_refused(run: Run) -> None:
    with pytest.raises(Refusal, match="too short"):
        run("user", "add", "anna@shop.example", piped="short\n")
    with pytest.raises(NotThere):
        run("user", "disable", "nobody@shop.example")


def test_a_token_stands_alone_on_one_line_and_works(
    run: Run, sessions: sessionmaker[Session], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("token", "add", "crm", "--role", "agent") == 0
    token = capsys.readouterr().out.removesuffix("\n")
    assert len(token) >= 20
    assert token.split() == [token]
    with reading(sessions) as session:
        assert access.caller_of_token(session, token) is not None
    assert run("token", "revoke", "crm") == 0
    with reading(sessions) as session:
        assert access.caller_of_token(session, token) is None
    capsys.readouterr()
    run("token", "list")
    assert "revoked" in capsys.readouterr().out


def test_accounts_tell_health_and_are_paused(
    run: Run, sessions: sessionmaker[Session], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("accounts") == 0
    assert "No account yet" in capsys.readouterr().out
    with writing(sessions) as session:
        add_account(session, health="reconnect", health_detail="The token expired.")
    assert run("accounts") == 1
    assert "shop: The token expired." in capsys.readouterr().out
    assert run("accounts", "pause", "shop") == 0
    capsys.readouterr()
    assert run("accounts", "--json") == 0
    assert json.loads(capsys.readouterr().out)[0]["health"] == "paused"
    assert run("accounts", "resume", "shop") == 0
    with pytest.raises(NotThere, match="there are: shop"):
        run("accounts", "pause", "shopp")


def test_the_outbox_is_shown_when_empty_and_refuses_unknown_ids(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("outbox") == 0
    assert "Nothing is waiting" in capsys.readouterr().out
    with pytest.raises(InboxError):
        run("outbox", "cancel", "99")


def test_a_person_is_exported_and_erased(
    run: Run, sessions: sessionmaker[Session], capsys: pytest.CaptureFixture[str]
) -> None:
    with writing(sessions) as session:
        account = add_account(session)
        person = Contact(account_id=account.id, external_id="7", name="Jana Beispiel", created_at=MOMENT)
        session.add(person)
        session.flush()
        add_conversation(session, contact_id=person.id)
        add_message(session, "Wo ist mein Paket?", contact_id=person.id)
        number = str(person.id)
    assert run("contact", "export", number) == 0
    assert json.loads(capsys.readouterr().out)["messages"][0]["text"] == "Wo ist mein Paket?"
    assert run("contact", "erase", number) == 0
    capsys.readouterr()
    run("contact", "export", number)
    exported = capsys.readouterr().out
    assert "Jana" not in exported
    assert "Paket" not in exported


@pytest.mark.skipif(ON_POSTGRESQL, reason="about SQLite's file; this run is on PostgreSQL")
def test_a_backup_is_whole_and_overwrites_nothing(run: Run, sessions: sessionmaker[Session], tmp_path: Path) -> None:
    with writing(sessions) as session:
        add_conversation(session)
    file = tmp_path / "copy.db"
    with writing(sessions) as session:
        add_conversation(session, "not committed yet")
        assert run("backup", str(file)) == 0
    copied = sqlite3.connect(file)
    assert copied.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert copied.execute("SELECT external_id FROM conversations").fetchall() == [("thread",)]
    copied.close()
    assert file.stat().st_mode & 0o077 == 0
    before = file.read_bytes()
    assert run("backup", str(file)) == 2
    assert file.read_bytes() == before
    assert run("backup", str(tmp_path / "no" / "folder.db")) == 2
    assert [path.name for path in tmp_path.glob(".*")] == []


@pytest.mark.skipif(not ON_POSTGRESQL, reason="about PostgreSQL; this run is on SQLite")
def test_a_backup_on_postgresql_says_what_to_use(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("backup", str(tmp_path / "copy.dump")) == 1
    assert "pg_dump --format=custom" in capsys.readouterr().err


def test_what_people_do_is_in_the_audit_log(run: Run, sessions: sessionmaker[Session]) -> None:
    run("token", "add", "crm")
    with reading(sessions) as session:
        event = session.scalars(select(Event)).one()
        assert (event.kind, event.actor) == ("token_added", "command line")
        assert session.scalars(select(Conversation)).first() is None


def test_check_without_accounts_says_what_to_add(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check") == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("WRONG")] == [
        "WRONG  accounts: none is configured; add [[accounts]], see zuruf.example.toml"
    ]
    assert any(line.startswith("ok     playbook: ") for line in lines)
    assert any(line.startswith("ok     database: version") for line in lines)


def test_check_asks_each_platform(run: Run, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Sandbox(seed=1, now=SteppedClock()) as sandbox:
        text = config.read_text()
        for number, name in enumerate(("shop-facebook", "shop-twitter")):
            login = sandbox.login(name)
            credentials = dict(login.credentials)
            if number == 0:
                credentials["access_token"] = "fake-and-wrong-token"
            text += f'[[accounts]]\nname = "{name}"\nchannel = "{login.channel}"\nexternal_id = "{login.external_id}"\n'
            text += f'api_base = "{sandbox.origin}"\n[accounts.credentials]\n'
            text += "".join(f'{key} = "{value}"\n' for key, value in credentials.items())
        config.write_text(text)
        assert run("check", "--json") == 1
    findings = {finding["what"]: finding for finding in json.loads(capsys.readouterr().out)}
    assert findings["shop-twitter"]["ok"] is True, findings["shop-twitter"]
    assert findings["shop-facebook"]["ok"] is False
    assert "fake-and-wrong" not in json.dumps(findings)


def test_check_tells_a_database_it_cannot_open(run: Run, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config.write_text('[inbox]\ndatabase = "postgresql://zuruf@127.0.0.1:1/none"\n')
    assert run("check", "--offline") == 1
    told = capsys.readouterr().out
    assert "WRONG  database: The database postgresql" in told
    assert "cannot be opened: connection failed" in told
    assert "Look whether PostgreSQL runs there" in told


def test_a_broken_configuration_ends_with_2_and_the_line(config: Path) -> None:
    config.write_text('[inbox]\nlanguge = "de"\n')
    ended = subprocess.run(
        [sys.executable, "daemon.py", "--config", str(config), "user", "list"],
        cwd=PROJECT, capture_output=True, text=True, check=False, timeout=50,
    )  # fmt: skip
    assert ended.returncode == 2
    assert f'{config}:2: [inbox] languge is unknown; write "language"' in ended.stderr
    assert "Traceback" not in ended.stderr


def typed_by_a_person(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "daemon.py", *words], env=os.environ | environ,
        cwd=PROJECT, capture_output=True, text=True, check=False, timeout=50,
    )  # fmt: skip


def test_the_configuration_is_named_before_or_behind_the_command(config: Path) -> None:
    config.write_text('[inbox]\nlanguge = "de"\n')
    for words in (["--config", str(config), "user", "list"], ["user", "list", "--config", str(config)]):
        ended = typed_by_a_person(*words)
        assert ended.returncode == 2
        assert f"{config}:2: [inbox] languge is unknown" in ended.stderr


def test_a_database_that_is_none_ends_every_command_with_2_and_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "junk.db").write_bytes(b"this is no database, but long enough to look like one" * 90)
    (tmp_path / "zuruf.toml").write_text(f'[inbox]\ndatabase = "sqlite:///{tmp_path}/junk.db"\n')
    ended = typed_by_a_person("run", "--config", str(tmp_path / "zuruf.toml"), ZURUF_WEB__LISTEN="127.0.0.1:0")
    assert ended.returncode == 2
    assert "junk.db cannot be opened: file is not a database" in ended.stderr
    assert "[inbox] database" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_where_somebody_listens_already_nothing_begins(tmp_path: Path) -> None:
    """Otherwise the second daemon would have polled and sent before it noticed."""
    (tmp_path / "zuruf.toml").write_text(f'[inbox]\ndatabase = "sqlite:///{tmp_path}/zuruf.db"\n')
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        ended = typed_by_a_person("run", "--config", str(tmp_path / "zuruf.toml"), ZURUF_WEB__LISTEN=listen)
    assert ended.returncode == 2
    assert f"[web] listen: {listen} cannot be listened on (Address already in use)" in ended.stderr
    assert not (tmp_path / "zuruf.db").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full, a disk that is always full")
@pytest.mark.parametrize("command", ["token add crm", "playbook schema", "check --offline"])
def test_what_cannot_be_written_is_told_once_and_without_a_traceback(tmp_path: Path, command: str) -> None:
    (tmp_path / "zuruf.toml").write_text(f'[inbox]\ndatabase = "sqlite:///{tmp_path}/zuruf.db"\n')
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [sys.executable, "daemon.py", "--config", str(tmp_path / "zuruf.toml"), *command.split()],
            cwd=PROJECT, stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=50,
        )  # fmt: skip
    assert ended.returncode == 2
    said = "zuruf: Nothing more can be written: No space left on device. Make room there, or write to another place.\n"
    assert ended.stderr == said


def test_a_reader_that_leaves_early_is_no_trouble() -> None:
    with subprocess.Popen(
        [sys.executable, "daemon.py", "playbook", "schema"],
        cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as writer:  # fmt: skip
        assert writer.stdout is not None
        writer.stdout.close()
        assert writer.stderr is not None
        assert writer.stderr.read() == b""
        assert writer.wait(50) == 0


@pytest.mark.parametrize(
    "words", ["demo --port 99999", "demo --speed 0", "demo --speed nan", "outbox --limit 0", "contact export 0",
              "outbox retry 99999999999999999999", "playbook export somewhere --version x"],
)  # fmt: skip
def test_a_number_that_cannot_be_is_refused_with_what_can(words: str) -> None:
    ended = typed_by_a_person(*words.split())
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr
    assert "is no whole number from 1 to " in ended.stderr or "is no number above 0" in ended.stderr


@pytest.mark.parametrize(("stored", "code"), [(None, 1), (b"", 1), (b"no database, but as long as one begins" * 90, 2)])
def test_what_is_no_database_is_not_kept_as_one(tmp_path: Path, stored: bytes | None, code: int) -> None:
    """An empty copy under the right name would be found out on the day it is needed."""
    if stored is not None:
        (tmp_path / "shop.db").write_bytes(stored)
    (tmp_path / "zuruf.toml").write_text(f'[inbox]\ndatabase = "sqlite:///{tmp_path}/shop.db"\n')
    ended = typed_by_a_person("--config", str(tmp_path / "zuruf.toml"), "backup", str(tmp_path / "copy.db"))
    assert ended.returncode == code
    assert "shop.db" in ended.stderr
    assert "[inbox] database" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert [path.name for path in tmp_path.glob("*copy*")] == []
    assert (tmp_path / "shop.db").exists() == (stored is not None)


def test_what_a_verb_logs_stays_out_of_standard_output(
    run: Run, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    run("user", "add", "boss@shop.example", "--role", "admin", piped="another password\n")
    capsys.readouterr()
    assert run("playbook", "publish", str(PROJECT / "crisis_playbook/rules"), "--by", "boss@shop.example") == 0
    printed = capsys.readouterr()
    assert printed.out == "Version 1 is in force.\n"
    assert "playbook published" in printed.err


def test_check_says_each_mistake_on_its_own_line(
    run: Run, config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    templates = tmp_path / "replies"
    (templates / "de").mkdir(parents=True)
    (templates / "de" / "hello.txt").write_text("Guten Tag\n{{ contact_nam }}!\n")
    (templates / "de" / "empty.txt").write_text("\n")
    config.write_text(config.read_text() + f'[playbook]\ntemplates = "{templates}"\n')
    assert run("check", "--offline") == 1
    wrong = [line for line in capsys.readouterr().out.splitlines() if line.startswith("WRONG  templates")]
    assert wrong == [
        f"WRONG  templates: {templates}/de/empty.txt:1: the template is empty; write the reply, or remove the file",
        f"WRONG  templates: {templates}/de/hello.txt:2: there is no variable contact_nam; write contact_name",
    ]


def test_a_backtest_names_the_option_that_is_wrong(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("playbook", "backtest", "--since", "lately") == 2
    assert capsys.readouterr().err.startswith("--since lately: ")


def test_a_place_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    (tmp_path / "zuruf.toml").write_text(f'[inbox]\ndatabase = "sqlite:///{tmp_path}/zuruf.db"\n')
    named = ["--config", str(tmp_path / "zuruf.toml")]
    subprocess.run(
        [sys.executable, "daemon.py", *named, "user", "add", "boss@shop.example", "--role", "admin"],
        input="another password", cwd=PROJECT, capture_output=True, text=True, check=True, timeout=50,
    )  # fmt: skip
    rules = str(PROJECT / "crisis_playbook/rules")
    typed_by_a_person(*named, "playbook", "publish", rules, "--by", "boss@shop.example")
    ended = typed_by_a_person(*named, "playbook", "export", str(tmp_path / "zuruf.toml" / "rules"))
    assert ended.returncode == 2
    assert ended.stderr.startswith(f"zuruf: {tmp_path}/zuruf.toml/rules: Not a directory.")


def test_a_backtest_is_printed_as_one_json_object(
    run: Run, sessions: sessionmaker[Session], capsys: pytest.CaptureFixture[str]
) -> None:
    rules = str(PROJECT / "crisis_playbook/rules")
    run("user", "add", "boss@shop.example", "--role", "admin", piped="another password\n")
    assert run("playbook", "publish", rules, "--by", "boss@shop.example") == 0
    with writing(sessions) as session:
        add_conversation(session)
        add_message(session, "Wo bleibt mein Paket??? Ich warte seit drei Wochen!", sent_at=datetime.now(UTC))
    capsys.readouterr()
    assert run("playbook", "backtest", rules, "--since", "7d", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["messages"], found["different"]) == (1, 0)
    assert found["rules_before"] == found["rules_after"]
    assert "public-complaint" in found["rules_after"]
