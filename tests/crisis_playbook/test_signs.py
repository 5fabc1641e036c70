"""Every sign: texts that show it, and near misses."""

from __future__ import annotations

from functools import cache

import pytest

from crisis_playbook import Facts, Playbook, evaluate
from crisis_playbook.signs import SIGNS
from tests.crisis_playbook.playbooks import with_rules

SHOWN = {
    "negation": (["geht nicht", "keine Antwort", "It doesn’t work", "no answer"], ["geht gut", "Nichte", "know"]),
    "repeated_marks": (["was?!", "hallo!!"], ["hallo!", "was? Ja!"]),
    "exclamation": (["hallo!"], ["hallo"]),
    "question": (["wo?"], ["wo"]),
    "ends_with_question": (["Hallo, wo ist es?", "where? https://a.example"], ["Wo ist es? Danke."]),
    "opening_question": (
        ["Wann kommt mein Paket?", "@shop Hallo, gibt es das in blau?", "Do you ship to Austria?"],
        ["Mein Paket ist da. Wann kommt der Rest?", "Danke, passt"],
    ),
    "sad_or_angry_emoji": (["na toll 😡", "schade :("], ["toll 😀", "Größe (8)"]),
    "smile": (["danke :-)", "super 👍🏽", "<3"], ["danke", "😡"]),
    "time_drags_on": (
        ["warte seit drei Wochen", "immer noch nichts", "still nothing", "waiting for 3 days"],
        ["seit gut", "for you", "drei Wochen"],
    ),
    "thanks": (["Danke!", "thank you"], ["Dankbarkeit"]),
    "thanks_only": (
        ["Vielen Dank, alles gut!", "Thanks for the quick help"],
        ["Danke für nichts", "Danke, aber wo bleibt es", "thanks, still waiting", "Danke?", "Danke, geht nicht"],
    ),
    "shouting": (["DAS IST EINE FRECHHEIT"], ["Das IST es", "ÖBB und DHL-Paket", "#FAIL #WOW"]),
    "ellipsis": (["na ja…", "aha..."], ["aha."]),
    "number": (["um 3"], ["um drei"]),
    "hashtag": (["#fail"], ["fail", "C# Kurs"]),
    "begins_with_mention": (["@shop wo bleibt es", " .@shop hallo"], ["hallo @shop"]),
    "link": (["siehe https://a.example"], ["siehe shop.example"]),
    "retweet": (["RT @shop: neu"], ["art @shop", "Mein RT @shop"]),
}


@cache
def asking_for(sign: str) -> Playbook:
    example = SHOWN[sign][0][0]
    rule = f"  - {{rule: it, when: {{sign: {sign}}}, then: [{{label: a}}], examples: {{applies: [{example!r}]}}}}\n"
    return with_rules(rule)


@pytest.mark.parametrize(("sign", "text"), [(sign, text) for sign, (shown, _) in SHOWN.items() for text in shown])
def test_a_sign_shows(sign: str, text: str) -> None:
    decision = evaluate(asking_for(sign), Facts(text), explain=True)
    assert decision.rules == ("it",)
    assert SIGNS[sign].meaning in decision.why[0]


@pytest.mark.parametrize(("sign", "text"), [(sign, text) for sign, (_, near) in SHOWN.items() for text in near])
def test_a_near_miss_does_not_show_it(sign: str, text: str) -> None:
    assert evaluate(asking_for(sign), Facts(text)).rules == ()


def test_every_sign_is_tested() -> None:
    assert set(SHOWN) == set(SIGNS)


def test_a_sign_can_be_asked_for_twice() -> None:
    basics = """\
signals:
  complaint:
    points: [{sign: negation, points: 1}, {sign: negation, times: 2, points: 0.5}]
    levels: {possible: 1, likely: 1.5}
"""
    playbook = with_rules("  - {rule: it, when: {visibility: public}, then: [{label: a}]}\n", basics)
    assert evaluate(playbook, Facts("geht nicht")).complaint == "possible"
    assert evaluate(playbook, Facts("geht nicht, keine Antwort")).complaint == "likely"
