"""Reply templates: a mistake in one names its file, its line and what to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from inbox.db import writing
from inbox.models import Conversation
from inbox.runtime import Runtime
from inbox.variables import reply_variables
from inbox.wording import VARIABLES, open_wording
from tests.inbox.rows import MOMENT, add_conversation


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("Guten Tag\n{{ shop_nam }}", "2: there is no variable shop_nam; write shop_name"),
        ("{{ zzz }}", "1: there is no variable zzz; known: agent_name, contact_name, "),
        ("Guten Tag\n{% if open %}", "2: Unexpected end of template"),
        ("{{ shop_name | loud }}", "1: No filter named 'loud'"),
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
        assert set(reply_variables(session, runtime, conversation, "de", MOMENT)) == VARIABLES
