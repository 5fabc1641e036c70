"""What is told with a message is asked once for all messages of the same circumstances, and nobody can tell."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any, cast

import pytest

from crisis_playbook import Decision, Facts, evaluate
from crisis_playbook.circumstances import MOST
from tests.crisis_playbook.playbooks import with_rules

RULES = with_rules(
    """\
  - rule: public-words
    when: {visibility: public, text_any: [kaputt, "ganz alt"]}
    then: [{label: words}]
    continue: true
    examples: {applies: [kaputt]}
  - rule: either
    when: {any: [{channel: twitter}, {kind: mention, text_any: [alt]}], addressed: true}
    then: [{label: either}]
    continue: true
    examples: {applies: [{text: alt, kind: mention}]}
  - rule: neither
    when: {not: {channel: [twitter, facebook]}, account: [shop, "shop-7"], text_any: [alt]}
    then: [{label: neither}]
    continue: true
    examples: {applies: [{text: alt, channel: instagram, account: shop}]}
  - rule: after-words
    when: {label: words, hours: closed}
    severity: urgent
    continue: true
    examples: {applies: [{text: x, label: words, hours: closed}]}
  - rule: urgent
    when: {severity_at_least: urgent, text_any: [kaputt]}
    then: [{label: urgent}]
    examples: {applies: [{text: kaputt, severity: urgent}]}
"""
)
NAMES = ("visibility", "channel", "kind", "addressed", "hours", "account")
TOLD = (("public", "private", None), ("twitter", "instagram", None), ("mention", "comment", None), (True, False, None),
        ("closed", None), ("shop", None))  # fmt: skip


def facts(text: str, *values: object) -> Facts:
    return replace(Facts(text), **cast(dict[str, Any], dict(zip(NAMES, values, strict=False))))


@pytest.mark.parametrize("text", ["", "alt", "kaputt, kaputt", "ganz alt und kaputt"])
def test_every_circumstance_decides_as_if_every_condition_had_been_asked(text: str) -> None:
    for told in product(*TOLD):
        short, whole = (evaluate(RULES, facts(text, *told), explain=explain) for explain in (False, True))
        assert replace(whole, checks=(), language=short.language) == short, told


def test_what_is_not_told_is_undecided_only_where_the_rest_holds() -> None:
    assert evaluate(RULES, facts("kaputt", None, "facebook", "comment", True)).undecided == ("public-words",)
    assert evaluate(RULES, facts("neu", None, "facebook", "comment", True)).undecided == ()


def test_the_circumstances_of_one_message_do_not_stick_to_the_next() -> None:
    decided: list[Decision] = [
        evaluate(RULES, facts("kaputt", visibility, "facebook")) for visibility in ("public", "private", "public")
    ]
    assert [decision.labels for decision in decided] == [("words",), (), ("words",)]


def test_circumstances_nobody_remembers_any_more_decide_the_same() -> None:
    told = [f"shop-{number}" for number in range(2 * MOST)]
    applied = [
        account
        for account in told
        if evaluate(RULES, facts("alt", "public", "instagram", "comment", True, "open", account)).rules
    ]
    assert applied == ["shop-7"]
    assert evaluate(RULES, facts("kaputt", "public", "instagram", "x", True, "open", "new")).labels == ("words",)


def test_a_value_that_is_no_word_fits_no_rule() -> None:
    odd = facts("alt", "public", ["twitter"], "mention", False)
    assert evaluate(RULES, odd).rules == ()
