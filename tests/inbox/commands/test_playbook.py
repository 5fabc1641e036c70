"""`playbook check`, `try` and `decide` as a person calls them."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from inbox.commands import playbook
from inbox.setting_values import PROJECT
from tests.crisis_playbook.playbooks import FILES


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    folder = tmp_path / "rules"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text, "utf-8")
    return folder


def call(*words: str | Path) -> int:
    parser = argparse.ArgumentParser(prog="daemon.py")
    playbook.add(parser.add_subparsers(required=True))
    arguments = parser.parse_args(["playbook", *map(str, words)])
    code: int = arguments.handle(arguments)
    return code


def decided(rules: Path, rows: list[Any], folder: Path) -> list[dict[str, Any]]:
    (folder / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    assert call("decide", "--in", folder / "in.jsonl", "--out", folder / "out.jsonl", "--playbook", rules) == 0
    return [json.loads(line) for line in (folder / "out.jsonl").read_text("utf-8").splitlines()]


def test_decide_answers_every_line_in_order_with_exactly_the_agreed_keys(rules: Path, tmp_path: Path) -> None:
    rows = [
        {"id": "b", "text": "Paket nicht angekommen, Frechheit!", "channel": "twitter", "kind": "mention"},
        {"id": 7, "text": "Hallo", "kind": "direct_message"},
        {"id": "a", "text": "Alles gut", "sent_at": "2026-03-02T10:00:00Z", "author_followers": 3},
    ]
    complaint, hello, fine = decided(rules, rows, tmp_path)
    assert list(complaint) == [
        "id",
        "rules",
        "severity",
        "labels",
        "suggestions",
        "automatic_reply",
        "complaint",
        "score",
        "points",
        "why",
    ]
    assert complaint["id"] == "b"
    assert complaint["rules"] == ["public-complaint"]
    assert complaint["suggestions"] == [{"kind": "move_to_private", "template": "to-private"}]
    assert complaint["complaint"] == "likely"
    assert complaint["score"] == sum(line["points"] for line in complaint["points"])
    assert len(complaint["why"]) == 1
    assert (hello["id"], hello["automatic_reply"], hello["complaint"]) == (7, "first-reply", "none")
    assert (fine["id"], fine["rules"], fine["severity"], fine["points"]) == ("a", [], "none", [])


def test_decide_fills_in_what_is_missing(rules: Path, tmp_path: Path) -> None:
    text = "Paket nicht angekommen"
    rows = [
        {"id": 1, "text": text},
        {"id": 2, "text": text, "addressed": False},
        {"id": 3, "text": text, "addressed": None},
        {"id": 4, "text": text, "kind": "direct_message"},
        {"id": 5, "text": text, "kind": "direct_message", "visibility": "public"},
    ]
    assert [row["rules"] for row in decided(rules, rows, tmp_path)] == [
        ["public-complaint"],
        [],
        ["public-complaint"],
        ["first-reply-private"],
        ["public-complaint"],
    ]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"{\n", "2: no JSON"),
        (b"[]\n", "2: this is no JSON object"),
        (b'{"id": 1}\n', "2: 'text' is missing"),
        (b'{"text": "a"}\n', "2: 'id' is missing"),
        (b'{"id": 1, "text": 5}\n', "2: text is 5; write "),
        (b'{"id": 1, "text": "a", "kind": "dm"}\n', "2: kind is 'dm'; write comment, mention or direct_message"),
        (b'{"id": 1, "text": "a", "hours": "late"}\n', "2: hours is 'late'; write open or closed"),
        (b'{"id": 1, "text": "a", "addressed": "no"}\n', "2: addressed is 'no'; write true or false"),
        (b'{"id": 1, "text": "a", "author_followers": "9"}\n', "2: author_followers is '9'; write a number"),
    ],
)
def test_decide_names_the_line_it_cannot_read(
    rules: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], line: bytes, says: str
) -> None:
    (tmp_path / "in.jsonl").write_bytes(b'{"id": 0, "text": "a"}\n' + line)
    assert call("decide", "--in", tmp_path / "in.jsonl", "--out", tmp_path / "out", "--playbook", rules) == 1
    assert f"in.jsonl:{says}" in capsys.readouterr().err


def test_decide_says_which_file_is_not_there(rules: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        call("decide", "--in", tmp_path / "none", "--out", tmp_path / "out", "--playbook", rules)
    assert caught.value.filename == str(tmp_path / "none")


def test_decide_never_writes_its_answers_over_the_questions(
    rules: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = tmp_path / "in.jsonl"
    asked.write_text('{"id": 0, "text": "a"}\n')
    (tmp_path / "link.jsonl").symlink_to(asked)
    for target in (asked, tmp_path / "link.jsonl"):
        assert call("decide", "--in", asked, "--out", target, "--playbook", rules) == 2
        assert "name another one for --out" in capsys.readouterr().err
        assert asked.read_text() == '{"id": 0, "text": "a"}\n'
    # A second run may write over the answers of the first.
    for _ in range(2):
        assert call("decide", "--in", asked, "--out", tmp_path / "out.jsonl", "--playbook", rules) == 0


def test_check_tells_mistakes_with_file_and_line(rules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("check", rules) == 0
    assert "fine: 3 rules, 4 examples, 0 scenarios" in capsys.readouterr().out
    broken = FILES["10_rules.yml"].replace("severity: watch", "severity: wach")
    (rules / "10_rules.yml").write_text(broken, "utf-8")
    assert call("check", rules) == 1
    assert capsys.readouterr().out == "10_rules.yml:17: 'wach' is not known here; did you mean 'watch'?\n"
    assert call("check", "--json", rules) == 1
    printed = json.loads(capsys.readouterr().out)
    assert printed["ok"] is False
    assert [(mistake["file"], mistake["line"]) for mistake in printed["mistakes"]] == [("10_rules.yml", 17)]


def test_try_shows_every_rule_and_the_words_that_decided(rules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("try", "Paket NICHT angekommen", "--playbook", rules, "--channel", "x") == 0
    printed = capsys.readouterr().out
    assert "product-injury: did not apply  (10_rules.yml:2)" in printed
    assert "public-complaint: applied  (10_rules.yml:16)" in printed
    assert '"NICHT angekommen"' in printed
    assert "suggestion: move_to_private to-private" in printed


def test_try_prints_json_for_programs(rules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("try", "Hallo", "--kind", "direct_message", "--json", "--playbook", rules) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["automatic_reply"] == "first-reply"
    assert [check["rule"] for check in printed["checks"]] == [
        "product-injury",
        "public-complaint",
        "first-reply-private",
    ]


def test_the_schema_accepts_a_playbook_and_refuses_an_unknown_word(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("schema") == 0
    schema = json.loads(capsys.readouterr().out)
    validator = jsonschema.Draft202012Validator(schema)
    validator.check_schema(schema)
    for text in FILES.values():
        file = json.loads(json.dumps(YAML(typ="safe", pure=True).load(text), default=str))
        assert list(validator.iter_errors(file)) == []
        (section,) = list(file)[:1]
        assert not validator.is_valid({f"{section}s": file[section]})
    assert not validator.is_valid({"rules": [{"rule": "a", "when": {"visibility": "pubic"}, "then": []}]})


def test_another_directory_may_name_replies_we_do_not_have_and_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "10.yml").write_text(
        "rules:\n  - rule: hello\n    when: {text_any: [hello]}\n    then:\n      - reply: no-such-reply\n"
        "    examples: {applies: [hello], does_not_apply: [bye]}\n"
    )
    assert call("check", rules) == 0
    assert "10.yml:5: there is no reply template 'no-such-reply'" in capsys.readouterr().out
    monkeypatch.setenv("ZURUF_PLAYBOOK__DIRECTORY", str(rules))
    assert call("check") == 1
    assert "10.yml:5: there is no reply template 'no-such-reply'" in capsys.readouterr().out


def test_deciding_from_a_directory_needs_neither_database_nor_platforms(rules: Path, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('{"id": 1, "text": "kaputt"}\n', "utf-8")
    arguments = ["playbook", "decide", "--in", "in.jsonl", "--out", "out.jsonl", "--playbook", str(rules)]
    asked = f"import sys, daemon; code = daemon.main({arguments}); print(code, *sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", asked], cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(PROJECT)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    code, *modules = done.stdout.split()
    assert code == "0"
    assert {"crisis_playbook", "inbox.commands.playbook"} <= {*modules}
    assert {"sqlalchemy", "pydantic", "starlette", "tweepy", "requests", "connectors"} & {*modules} == set()
