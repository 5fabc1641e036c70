"""What the documents promise is there, and the house's own rules hold."""

from __future__ import annotations

import argparse
import ast
import re
import tomllib
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from inbox.commands import add_all
from inbox.setting_values import PROJECT
from inbox.settings import Settings

FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "service", "handler", "core", "misc"}
SOURCES = ("connectors", "crisis_playbook", "inbox", "tests", "benchmarks")


def python_files() -> list[Path]:
    return [PROJECT / "daemon.py", *(path for folder in SOURCES for path in sorted((PROJECT / folder).rglob("*.py")))]


def test_files_are_named_for_what_they_hold() -> None:
    assert [
        str(path) for path in python_files() if path.stem in FORBIDDEN_NAMES or path.parent.name in FORBIDDEN_NAMES
    ] == []


def test_every_module_says_what_it_holds() -> None:
    silent = [
        str(path.relative_to(PROJECT))
        for path in python_files()
        if path.read_text("utf-8").strip() and ast.get_docstring(ast.parse(path.read_text("utf-8"))) is None
    ]
    assert silent == []


def test_no_work_is_left_in_comments() -> None:
    marks = re.compile(r"#.*\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b")
    found = [
        f"{path.relative_to(PROJECT)}:{number}"
        for path in python_files()
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if marks.search(line)
    ]
    assert found == []


def sections() -> dict[str, type[BaseModel]]:
    """Every section of the settings, by its name in the file."""
    found: dict[str, type[BaseModel]] = {}
    for name, field in Settings.model_fields.items():
        annotation = field.annotation
        found[name] = next(iter(get_args(annotation)), annotation)  # type: ignore[assignment]
    return found


def test_the_settings_table_names_every_setting_and_no_other() -> None:
    text = (PROJECT / "docs" / "operations.md").read_text("utf-8")
    written = set(re.findall(r"^\| `\[?\[?(\w+)\]?\]? (\w+)` \|", text, re.MULTILINE))
    assert written == {(section, key) for section, model in sections().items() for key in model.model_fields}


def test_the_example_shows_every_setting_with_its_default() -> None:
    example = tomllib.loads((PROJECT / "zuruf.example.toml").read_text("utf-8"))
    plain = {name: model for name, model in sections().items() if name != "accounts"}
    for name, model in plain.items():
        assert set(example[name]) == set(model.model_fields), name
        assert model.model_validate(example[name]) == model(), name
    shown = {key for account in example["accounts"] for key in account}
    assert set(sections()["accounts"].model_fields) - shown <= {"api_base"}


def known_commands() -> set[str]:
    parser = argparse.ArgumentParser()
    subcommands = parser.add_subparsers()
    add_all(subcommands)
    in_root = re.findall(r'subcommands\.add_parser\("(\w+)"', (PROJECT / "daemon.py").read_text("utf-8"))
    in_run = re.findall(r"^ {4}(\w+)\)$", (PROJECT / "run").read_text("utf-8"), re.MULTILINE)
    return {*subcommands.choices, *in_root, *in_run}


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", "docs/operations.md", "docs/playbook.md"])
def test_commands_in_documents_exist(document: str) -> None:
    file = PROJECT / document
    if not file.exists():
        pytest.fail(f"{document} is missing")
    used = set(re.findall(r"(?:\./run|daemon\.py) ([a-z]+)", file.read_text("utf-8")))
    assert used - known_commands() == set()


def test_every_command_of_the_contract_is_there() -> None:
    wanted = "run demo check playbook user token accounts outbox contact backup test"
    assert set(wanted.split()) <= known_commands()


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-test.lock", "requirements-uv.lock"])
def test_lock_files_hold_hashes_and_no_addresses(lock: str) -> None:
    text = (PROJECT / lock).read_text("utf-8")
    assert "://" not in text
    assert "--index" not in text
    assert "--find-links" not in text
    pins = re.findall(r"^[\w.\[\]-]+==\S+", text, re.MULTILINE)
    assert pins
    assert text.count("--hash=sha256:") >= len(pins)


def test_links_between_documents_lead_somewhere() -> None:
    lost = []
    for document in [*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", document.read_text("utf-8")):
            if not (document.parent / target).exists():
                lost.append(f"{document.relative_to(PROJECT)}: {target}")
    assert lost == []
