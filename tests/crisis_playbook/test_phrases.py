"""Phrases: what they find, and the near misses beside it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crisis_playbook.phrases import FEW, PhraseError, Phrases, Places, apart, parse_phrase
from crisis_playbook.remembered import MOST, Remembered
from crisis_playbook.text import spellings


def finds(phrase: str, text: str) -> bool:
    phrases = Phrases()
    number = phrases.add_list([parse_phrase(phrase)])
    return number in phrases.find(text)


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("nicht angekommen", "Paket NICHT   \n angekommen!"),
        ("nicht angekommen", "(nicht angekommen)"),
        ("kaputt", "alles kaputttt"),
        ("kaputt", "#kaputt"),
        ("#kaputt", "total #Kaputt"),
        ("Ärger", "nur AERGER"),
        ("gruss", "schöner Gruß"),
        ("reklamation*", "meine Reklamationen"),
        ("reklamation*", "meine Reklamation"),
        ("*reklamation*", "Produktreklamationen"),
        ("*paket", "Riesenpaket"),
        ("e-mail", "keine E-Mail bekommen"),
        ("e-mail*", "keine E-Mail-Antwort"),
        ("😡", "na toll😡😡"),
        ("👍", "super 👍🏽"),
        (":(", "schade :("),
        ("don't work", "it don’t work"),
        ("seit * tagen", "seit drei Tagen"),
        ("kein* antwort", "keine Antwort"),
        ("19,90", "für 19,90 Euro"),
        ("@shop", "hallo @Shop"),
        ("sooo", "soooooo lange"),
    ],
)
def test_a_phrase_finds(phrase: str, text: str) -> None:
    assert finds(phrase, text)


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("kaputt", "kaputte Tasse"),
        ("reklamation*", "Produktreklamation"),
        ("*paket", "Paketdienst"),
        ("nicht angekommen", "nicht. Angekommen bin ich"),
        ("nicht angekommen", "nicht gut angekommen"),
        ("#kaputt", "kaputt"),
        ("shop", "@shop"),
        ("kaputt", "https://shop.example/kaputt"),
        ("*shop*", "@myshop"),
        ("seit * tagen", "seit Tagen"),
        ("seit * tagen", "seit, Tagen"),
        ("ab", "aber"),
        ("of", "off"),
    ],
)
def test_a_near_miss_is_not_found(phrase: str, text: str) -> None:
    assert not finds(phrase, text)


@pytest.mark.parametrize(
    ("phrase", "message"),
    [
        ("", "no word"),
        ("!!", "no word"),
        ("re*klamation", "inside a word"),
        ("a*", "nearly every word"),
        ("* tage", "begins with any word"),
        ("seit *", "ends with any word"),
        ("x" * 201, "201 letters"),
        ("*!*", "without a word"),
    ],
)
def test_a_phrase_that_cannot_be_meant_is_refused(phrase: str, message: str) -> None:
    with pytest.raises(PhraseError, match=re.escape(message)):
        parse_phrase(phrase)


def test_places_lead_to_the_found_words() -> None:
    phrases = Phrases()
    number = phrases.add_list([parse_phrase("nicht angekommen"), parse_phrase("😡")])
    text = "Hallo, Paket nicht\tangekommen!!! 😡"
    places = Places(text, text.split(), phrases.chunks(text.split()))
    found = [text[slice(*places.characters(stretch))] for stretch in phrases.find(text)[number]]
    assert found == ["nicht\tangekommen", "😡"]


@given(
    st.lists(st.sampled_from(["kaputt", "na!!ja", "😡", " ", "\u00a0", "\n", "..", "(kaputt)"]), max_size=12).map(
        "".join
    )
)
def test_places_are_right_whatever_stands_around(text: str) -> None:
    phrases = Phrases()
    number = phrases.add_list([parse_phrase("kaputt")])
    places = Places(text, text.split(), phrases.chunks(text.split()))
    assert all(text[slice(*places.characters(s))] == "kaputt" for s in phrases.find(text).get(number, []))


def test_all_lists_are_found_in_one_pass_and_equal_lists_share_a_number() -> None:
    phrases = Phrases()
    first = phrases.add_list([parse_phrase("kaputt")])
    other = phrases.add_list([parse_phrase("kaputt"), parse_phrase("kaputt ist")])
    assert phrases.add_list([parse_phrase("kaputt")]) == first
    assert phrases.find("kaputt ist") == {first: [(0, 1)], other: [(0, 1), (0, 2)]}


def test_a_list_added_later_is_found_in_chunks_already_seen() -> None:
    phrases = Phrases()
    phrases.find("kaputt")
    number = phrases.add_list([parse_phrase("kaputt")])
    assert number in phrases.find("kaputt")


def test_overlapping_stretches_count_once_leftmost_and_longest() -> None:
    assert apart([(1, 2), (0, 2), (2, 3), (0, 1)]) == [(0, 2), (2, 3)]


WORD = st.text(alphabet="abcnäß", min_size=2, max_size=5)


@given(st.lists(WORD, min_size=1, max_size=6), st.lists(WORD, min_size=1, max_size=2))
def test_finding_agrees_with_a_plain_search_over_folded_words(text: list[str], phrase: list[str]) -> None:
    words = [set(spellings(word)) for word in text]
    wanted = [spellings(word)[0] for word in phrase]
    plainly = any(
        all(want in have for want, have in zip(wanted, words[start:], strict=False))
        for start in range(len(words) - len(wanted) + 1)
    )
    assert finds(" ".join(phrase), " ".join(text)) == plainly


def test_memory_for_chunks_is_bounded_and_what_is_used_again_survives() -> None:
    asked: list[str] = []

    def understand(chunk: str) -> int:
        asked.append(chunk)
        return len(chunk)

    remembered = Remembered(understand)
    for number in range(5 * MOST):
        assert remembered["often"] == 5
        assert remembered[str(number)] == len(str(number))
    assert len(remembered) <= MOST
    assert asked.count("often") == 1
    assert remembered["x" * 1000] == 1000
    assert "x" * 1000 not in remembered


@pytest.mark.parametrize("count", [FEW, FEW + 1, 5 * FEW])
def test_parts_of_words_are_found_however_many_there_are(count: int) -> None:
    phrases = Phrases()
    numbers = [phrases.add_list([parse_phrase(f"*teil{number}x*")]) for number in range(count)]
    assert list(phrases.find("ganz")) == []
    assert [list(phrases.find(f"vorteil{number}xende")) for number in range(count)] == [[n] for n in numbers]


def test_a_word_that_begins_several_phrases_is_followed_in_each() -> None:
    phrases = Phrases()
    closed, opened, any_word = (
        phrases.add_list([parse_phrase(phrase)]) for phrase in ("kaputt gegangen", "kaputt* zurück", "*putt * heim")
    )
    assert list(phrases.find("kaputt gegangen")) == [closed]
    assert list(phrases.find("kaputt zurück")) == [opened]
    assert list(phrases.find("kaputte zurück")) == [opened]
    assert list(phrases.find("kaputt jetzt heim")) == [any_word]
    assert list(phrases.find("kaputt")) == list(phrases.find("kaputt heim")) == []
