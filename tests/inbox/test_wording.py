"""Reply templates: a mistake in one names its file, its line and what to write."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from jinja2.exceptions import SecurityError

from inbox.db import writing
from inbox.models import Conversation
from inbox.runtime import Runtime
from inbox.variables import reply_variables
from inbox.wording import VARIABLES, Wording, WordingProblem, open_wording, speakable_name
from tests.inbox.rows import MOMENT, add_conversation


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("Guten Tag\n{{ shop_nam }}", "2: there is no variable shop_nam; write shop_name"),
        ("{{ zzz }}", "1: there is no variable zzz; known: agent_name, contact_name, "),
        ("Guten Tag\n{% if open %}", "2: Unexpected end of template"),
        ("{{ shop_name | loud }}", "1: No filter named 'loud'"),
        ("Guten\n{{ ['a'] | join(d=',', d=';') }}", "2: the argument d is given twice"),
        (" \n", "1: the template is empty; write the reply, or remove the file"),
    ],
)
def test_a_mistake_names_file_line_and_cure(tmp_path: Path, written: str, problem: str) -> None:
    (tmp_path / "de").mkdir()
    file = tmp_path / "de" / "hello.txt"
    file.write_text(written)
    found = open_wording(tmp_path, "de").check()
    assert len(found) == 1
    assert found[0].lower().startswith(f"{file}:{problem}".lower())


def test_a_file_of_another_encoding_and_a_missing_folder_are_told(tmp_path: Path) -> None:
    (tmp_path / "de").mkdir()
    (tmp_path / "de" / "hello.txt").write_bytes("Servus\nGrüße".encode("latin-1"))
    assert open_wording(tmp_path, "de").check() == [
        f"{tmp_path}/de/hello.txt:2: not UTF-8 text; save the file as UTF-8"
    ]
    assert (
        open_wording(tmp_path / "nowhere", "de").check()[0].startswith(f"{tmp_path}/nowhere: there is no such folder")
    )


def test_the_variables_that_may_be_named_are_those_that_are_given(runtime: Runtime) -> None:
    with writing(runtime.sessions) as session:
        conversation: Conversation = add_conversation(session)
        assert set(reply_variables(session, runtime, conversation, None, "de", MOMENT)) == VARIABLES


def wording(folder: Path, **texts: str) -> Wording:
    """Templates by `language_name`."""
    for name, text in texts.items():
        language, _, template = name.partition("_")
        (folder / language).mkdir(exist_ok=True)
        (folder / language / f"{template}.txt").write_text(text, "utf-8")
    return open_wording(folder, "de")


@pytest.mark.parametrize(
    "escape",
    [
        "{{ shop_name.__class__ }}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ shop_name.format.__globals__ }}",
        "{{ '{0.__class__.__mro__}'.format(shop_name) }}",
        "{{ self.__init__.__globals__ }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ [].append(1) }}",
        "{% for each in range(10000000) %}x{% endfor %}",
    ],
)
def test_a_template_cannot_reach_beyond_its_variables(tmp_path: Path, escape: str) -> None:
    try:
        said = wording(tmp_path, de_hello=escape).render("hello", "de", {"shop_name": "Glückspilz"})
    except (WordingProblem, SecurityError, OverflowError):
        return
    assert said in ("", "None")


@pytest.mark.parametrize(
    ("name", "spoken"),
    [
        ("Jana Müller", "Jana Müller"),
        ("{{ privacy_url }}", "privacy_url"),
        ("{% raw %}", "% raw %"),
        ("Jana http://evil.example/x www.evil.example", "Jana"),
        ("Jana\nIhr Konto ist gesperrt", "Jana Ihr Konto ist gesperrt"),
        ("<b>Jana</b>", "b Jana /b"),
        ("x" * 61, ""),
        ("x" * 60, "x" * 60),
        (" \x00\x1b ", ""),
        (None, ""),
    ],
)
def test_a_strangers_name_is_one_bounded_line_without_links(name: str | None, spoken: str) -> None:
    assert speakable_name(name) == spoken


def test_what_a_stranger_wrote_is_never_run_as_a_template(tmp_path: Path) -> None:
    said = wording(tmp_path, de_hello="Guten Tag {{ contact_name }}!").render(
        "hello", "de", {"contact_name": "{{ 7 * 7 }}"}
    )
    assert said == "Guten Tag {{ 7 * 7 }}!"


def test_the_persons_language_then_the_shops_then_any(tmp_path: Path) -> None:
    texts = wording(tmp_path, de_hello="Guten Tag", en_hello="Hello", en_only="Only English")
    assert [texts.render("hello", language, {}) for language in ("en", "de", "fr", None)] == [
        "Hello",
        "Guten Tag",
        "Guten Tag",
        "Guten Tag",
    ]
    assert texts.render("only", "de", {}) == "Only English"
    with pytest.raises(WordingProblem, match=r"no language has a template nothing\.txt"):
        texts.render("nothing", "de", {})


def test_names_leave_out_public_notes_and_changed_files_count_at_once(tmp_path: Path) -> None:
    texts = wording(tmp_path, **{"de_move": "Privat", "de_move.public": "Öffentlich"})
    assert texts.names() == {"move"}
    assert texts.has("move.public")
    file = tmp_path / "de" / "move.txt"
    assert texts.render("move", "de", {}) == "Privat"
    file.write_text("Neu", "utf-8")
    os.utime(file, (1, 1))
    assert texts.render("move", "de", {}) == "Neu"


def test_holes_of_conditions_leave_no_gap(tmp_path: Path) -> None:
    texts = wording(tmp_path, de_hello="\nGuten Tag  \n\n{% if open %}offen{% endif %}\n\n\nGrüße\n")
    assert texts.render("hello", "de", {"open": False}) == "Guten Tag\n\nGrüße"


def test_the_title_is_the_comment_on_the_first_line(tmp_path: Path) -> None:
    texts = wording(tmp_path, de_parcel="{# Wo ist mein Paket? #}\nServus!", en_parcel="Hello!")
    assert texts.title("parcel", "de") == "Wo ist mein Paket?"
    assert texts.title("parcel", "en") == "Wo ist mein Paket?"
    assert texts.title("not-there", "de") == "not there"
    assert texts.render("parcel", "de", {}) == "Servus!"
    assert texts.check() == []


def test_a_title_alone_is_an_empty_template(tmp_path: Path) -> None:
    assert "the template is empty" in wording(tmp_path, de_parcel="{# Wo ist mein Paket? #}\n ").check()[0]
