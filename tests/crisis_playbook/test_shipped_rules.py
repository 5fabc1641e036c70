"""The shipped rules: they load, their examples and scenarios hold, and everyday messages get what a shop would want."""

from __future__ import annotations

import pytest

from crisis_playbook import check
from tests.crisis_playbook.shipped import RULES, in_private, in_public, playbook, template_names

CHANNELS = ("facebook", "instagram", "twitter")
EVERYDAY = (
    "Hallo, habt ihr das Kleid auch in Rot?",
    "Guten Tag, ich hätte eine Frage zur Größe",
    "Wann kommt meine Bestellung 4711 an?",
    "Danke, alles gut angekommen!",
    "Hi, do you ship to Ireland?",
    "Is anybody there?",
    "Could you give me the tracking number, please?",
    "👍",
)
PEOPLE_FIRST = {
    "Der Akku ist explodiert und mein Arm hat Verbrennungen": "product-injury",
    "Your heater caught fire last night": "product-fire",
    "Ich will nicht mehr leben": "person-in-danger",
    "Das Geld bis morgen, sonst gehe ich zum Anwalt": "legal-threat",
    "I am a journalist at the Evening Post, may I ask some questions?": "press-inquiry",
    "Delete all my data, this is a GDPR request": "data-protection",
    "Ihre Kollegin hat mich rassistisch beschimpft": "discrimination",
    "Boykottiert diesen Laden!": "boycott-call",
}


def test_the_shipped_playbook_passes_its_own_check() -> None:
    report = check(RULES, templates=template_names())
    assert [str(mistake) for mistake in report.mistakes] == []
    assert report.rules >= 25
    assert report.examples >= 100
    assert report.scenarios >= 10


def test_every_rule_has_examples_and_near_misses() -> None:
    without = [rule.name for rule in playbook().rules if {e.applies for e in rule.examples} != {True, False}]
    assert without == []


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("hours", ["open", "closed"])
@pytest.mark.parametrize("text", EVERYDAY)
def test_an_everyday_private_message_gets_a_first_reply(text: str, hours: str, channel: str) -> None:
    assert in_private(text, channel=channel, hours=hours).automatic_reply == "first-reply"


@pytest.mark.parametrize("text", EVERYDAY)
def test_later_messages_of_a_conversation_get_none(text: str) -> None:
    assert in_private(text, first_of_conversation=False).automatic_reply is None


@pytest.mark.parametrize(
    "text",
    [
        "Mein Paket ist seit drei Wochen nicht angekommen und niemand antwortet!",
        "My order arrived broken and nobody answers my emails",
    ],
)
def test_a_private_complaint_gets_a_first_reply_that_fits(text: str) -> None:
    decision = in_private(text)
    assert decision.automatic_reply == "first-reply-concern"
    assert "complaint" in decision.labels
    assert decision.severity == "watch"


@pytest.mark.parametrize(("text", "rule"), PEOPLE_FIRST.items())
def test_where_people_come_first_nothing_is_sent_by_itself(text: str, rule: str) -> None:
    decision = in_private(text)
    assert rule in decision.rules
    assert decision.automatic_reply is None
    assert decision.hold_replies is not None
    assert decision.assign is not None
    assert decision.notify != ()


@pytest.mark.parametrize("text", [*EVERYDAY, *PEOPLE_FIRST, "Was kostet die Lampe?", "Wann öffnet ihr morgen?"])
def test_nothing_is_ever_sent_in_public_by_itself(text: str) -> None:
    assert in_public(text).automatic_reply is None


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("Was kostet der blaue Koffer?", "price-information"),
        ("How much is the oak table?", "price-information"),
        ("Bitte um ein Angebot für 20 Tassen", "price-information"),
        ("Wie sind eure Öffnungszeiten?", "opening-hours"),
        ("Are you open on Sunday?", "opening-hours"),
        ("Der Preis war falsch, ich will mein Geld zurück", "first-reply"),
        ("Tolle Preise habt ihr", "first-reply"),
        ("Warum ist der Preis höher als gestern?", "first-reply"),
        ("How much longer will it take?", "first-reply"),
    ],
)
def test_prices_and_hours_are_only_sent_where_they_were_asked_for(text: str, reply: str) -> None:
    assert in_private(text).automatic_reply == reply


def test_an_injury_is_a_crisis_for_the_safety_team_with_two_pairs_of_eyes() -> None:
    decision = in_public("Euer Wasserkocher ist explodiert, meine Hand ist verbrannt!")
    assert decision.severity == "crisis"
    assert decision.assign == "safety"
    assert decision.hold_replies == "for_approval"
    assert [(s.kind, s.template) for s in decision.suggestions] == [("move_to_private", "safety-first-contact")]


def test_a_public_complaint_is_offered_a_private_place() -> None:
    decision = in_public("Bestellung immer noch nicht angekommen, eure Hotline geht nicht ran. Frechheit!")
    assert "complaint" in decision.labels
    assert ("move_to_private", "complaint-to-private") in [(s.kind, s.template) for s in decision.suggestions]
    assert decision.severity == "watch"


def test_what_is_not_said_to_us_is_offered_nothing() -> None:
    text = "Diese Regierung ist eine Katastrophe, warum tritt der Minister nicht endlich zurück!"
    assert in_public(text, addressed=False).suggestions == ()


def test_spam_is_proposed_to_be_hidden_and_gets_no_first_reply() -> None:
    public = in_public("Check out my channel and subscribe to me")
    assert [s.kind for s in public.suggestions] == ["hide"]
    assert in_private("Check out my channel and subscribe to me").automatic_reply is None


def test_a_complaint_with_spam_words_is_no_spam() -> None:
    decision = in_public("Your link in bio is broken again, why can't I order?! Ridiculous!")
    assert "spam" not in decision.labels


def test_praise_is_thanked_by_people() -> None:
    decision = in_public("Great service, thank you so much!")
    assert "praise" in decision.labels
    assert [(s.kind, s.template) for s in decision.suggestions] == [("reply", "praise-thanks")]


@pytest.mark.parametrize(
    "text", ["Danke für nichts.", "Great service... three weeks and no answer. Thanks for nothing"]
)
def test_bitter_praise_is_no_praise(text: str) -> None:
    assert "praise" not in in_public(text).labels


def test_what_we_say_ourselves_is_not_judged_as_a_customers_word() -> None:
    assert in_private("Ihr Wasserkocher ist explodiert? Verletzt?", spoken_by="us").rules == ()


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Wo ist mein Paket?", "answer-where-is-my-order"),
        ("Wie kann ich das zurückschicken?", "answer-return"),
        ("Wird das in Kinderarbeit hergestellt?", "answer-working-conditions"),
        ("Are you a bot?", "answer-are-you-a-robot"),
        ("Is there a recall for this kettle?", "answer-product-safety"),
    ],
)
def test_prepared_answers_are_offered_where_they_fit(text: str, answer: str) -> None:
    assert answer in in_public(text).answers


def test_every_target_and_level_a_team_needs_is_there() -> None:
    shipped = playbook()
    assert set(shipped.levels) == set(range(7))
    assert all(level.checklist for number, level in shipped.levels.items() if number > 0)
    assert {alarm.level for alarm in shipped.alarms.values()} <= set(shipped.levels)
    assert set(shipped.teams) == {"social", "safety", "management"}
