"""The managers' guide, in both languages, names every word of the grammar, and its examples load."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from crisis_playbook import load_files
from crisis_playbook.rules import ACTION
from crisis_playbook.sections import ALARM, COUNT, LEVEL
from crisis_playbook.signs import SIGNS
from crisis_playbook.when import VOCABULARY

DOCS = Path(__file__).parents[2] / "docs"
GUIDES = ["playbook.md", "playbook.de.md"]
FURTHER = """\
topics: {product-injury: {any: [explodiert]}, order-status: {any: [paket]}}
rules: [{rule: public-complaint, when: {visibility: public}, then: [{label: complaint}], continue: true}]
"""


@pytest.mark.parametrize("guide", GUIDES)
def test_every_word_of_the_grammar_is_in_the_guide(guide: str) -> None:
    text = (DOCS / guide).read_text("utf-8")
    words = {*VOCABULARY, *SIGNS, *ACTION.keys, *LEVEL.keys, *COUNT.keys, *ALARM.keys}
    assert [word for word in sorted(words) if not re.search(rf"\b{word}\b", text)] == []


@pytest.mark.parametrize("guide", GUIDES)
def test_the_examples_of_the_guide_load_together(guide: str) -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", (DOCS / guide).read_text("utf-8"), re.DOTALL)
    assert len(blocks) >= 5
    files = {f"{number:02}.yml": block.encode() for number, block in enumerate(blocks) if "scenarios:" not in block}
    playbook = load_files({"99.yml": FURTHER.encode()} | files)
    assert {"product-injury", "public-complaint"} <= {rule.name for rule in playbook.rules}
