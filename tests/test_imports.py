"""Who may import whom: the rules of docs/architecture.md, read from the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import crisis_playbook

PROJECT = Path(__file__).resolve().parent.parent
OURS = ("connectors", "crisis_playbook", "inbox", "daemon", "tests", "benchmarks")
PLAYBOOKS_DOORS = ("crisis_playbook", "crisis_playbook.model", "crisis_playbook.alarms")
"""What the inbox may know of the playbook: the package, its words, and how alarms count."""
PLATFORM_CLIENTS = ("tweepy", "requests_oauthlib")


def modules(folder: str) -> list[Path]:
    return sorted((PROJECT / folder).rglob("*.py"))


def imported(source: str, package: str) -> Iterator[str]:
    """Every module a source names, in full; `from a import b` names `a` and `a.b`, for `b` may be a module."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, *([base] if base else [])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in ("import_module", "__import__") and node.args and isinstance(node.args[0], ast.Constant):
                yield str(node.args[0].value)


def ours(path: Path) -> set[str]:
    """What one of our files imports of ours."""
    package = ".".join(path.relative_to(PROJECT).parent.parts)
    names = imported(path.read_text("utf-8"), package)
    return {name for name in names if name.split(".")[0] in OURS}


def is_module(name: str) -> bool:
    """Whether a dotted name is a module of ours rather than something inside one."""
    package, _, last = name.rpartition(".")
    if package == "crisis_playbook" and last in crisis_playbook.__all__:
        return False
    path = PROJECT / Path(*name.split("."))
    return path.with_suffix(".py").exists() or (path / "__init__.py").exists()


def offences(folder: str, allowed: tuple[str, ...], exact: tuple[str, ...] = ()) -> list[str]:
    """Imports of modules outside the allowed packages."""
    return [
        f"{path.relative_to(PROJECT)} imports {name}"
        for path in modules(folder)
        for name in sorted(filter(is_module, ours(path)))
        if name not in exact and not any(name == one or name.startswith(f"{one}.") for one in allowed)
    ]


def test_the_connectors_words_know_nothing_of_ours() -> None:
    assert ours(PROJECT / "connectors" / "base.py") == set()


def test_connectors_know_only_connectors() -> None:
    assert offences("connectors", ("connectors",)) == []


def test_the_playbook_knows_only_itself() -> None:
    assert offences("crisis_playbook", ("crisis_playbook",)) == []


def test_the_inbox_knows_the_front_doors() -> None:
    assert offences("inbox", ("inbox",), ("connectors", "connectors.base", *PLAYBOOKS_DOORS)) == []
    whole = [str(path) for path in modules("inbox") if "connectors.REGISTRY" in ours(path)]
    assert whole == [], "channels come in as an argument"


@pytest.mark.parametrize("folder", ["inbox/web", "inbox/api"])
def test_pages_and_api_use_verbs_and_queries(folder: str) -> None:
    """Never models, never connectors."""
    named = [
        f"{path.relative_to(PROJECT)} imports {name}"
        for path in modules(folder)
        for name in sorted(ours(path))
        if name.startswith(("inbox.models", "connectors"))
    ]
    assert named == []


def test_nobody_imports_the_root() -> None:
    for folder in ("connectors", "crisis_playbook", "inbox", "benchmarks"):
        assert [path for path in modules(folder) if "daemon" in ours(path)] == []


def test_only_its_connector_knows_a_platforms_client() -> None:
    found = {
        path.name
        for folder in ("connectors", "inbox", "crisis_playbook")
        for path in modules(folder)
        if any(name.split(".")[0] in PLATFORM_CLIENTS for name in imported(path.read_text("utf-8"), ""))
    }
    assert all(name.startswith("twitter") for name in found), found
    assert found


def test_the_playbook_asks_no_clock_network_or_database() -> None:
    forbidden = {"sqlalchemy", "requests", "httpx", "urllib", "socket", "time", "sqlite3"}
    for path in modules("crisis_playbook"):
        names = {name.split(".")[0] for name in imported(path.read_text("utf-8"), "crisis_playbook")}
        assert not names & forbidden, path


def test_the_reader_sees_every_kind_of_import() -> None:
    source = "import a.b\nfrom c import d\nfrom . import e\nfrom ..f import g\nimportlib.import_module('h')\n"
    assert set(imported(source, "x.y")) == {"a.b", "c", "c.d", "x.y", "x.y.e", "x.f", "x.f.g", "h"}
