"""How texts become words: folding, tokens, and the way back to the original."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crisis_playbook.text import chunk_tokens, fold, fold_text, fold_text_with_places, spellings, tokens


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ärger", "aerger"),
        ("ÄRGER", "Aerger"),
        ("Straße", "STRASSE"),
        ("grüßen", "gruessen"),
        ("Café", "cafe"),
        ("na\u0308chste", "nächste"),
        ("don’t", "don't"),
        ("don't", "dont"),
        ("Ver\u00adsand", "Versand"),
        ("ﬁnden", "finden"),
        ("ｋａｐｕｔｔ", "kaputt"),
        ("Œuvre", "oeuvre"),
        ("İade", "iade"),
    ],
)
def test_what_people_mean_alike_folds_alike(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), [("Masse", "Mase"), ("kennen", "kenen"), ("fur", "für"), ("schon", "schön")])
def test_different_words_stay_different(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@pytest.mark.parametrize(("typed", "meant"), [("neiiiin", "nein"), ("kaputtttt", "kaputt"), ("schööön", "schoen")])
def test_letters_repeated_three_times_or_more_may_mean_one_or_two(typed: str, meant: str) -> None:
    assert meant in spellings(typed)


def test_repeated_digits_are_a_number_and_stay() -> None:
    assert spellings("1000") == ("1000",)


def kinds(text: str) -> list[tuple[str, str]]:
    return [(token.kind, token.raw) for token in tokens(text)]


def test_words_marks_emoji_hashtags_handles_and_links_are_told_apart() -> None:
    assert kinds("Kaputt!!! 😡😡 #NieWieder @FC_Help https://a.example/kaputt?x=1 19,90€ :-(") == [
        ("word", "Kaputt"),
        ("marks", "!!!"),
        ("emoji", "😡"),
        ("emoji", "😡"),
        ("hashtag", "#NieWieder"),
        ("handle", "@FC_Help"),
        ("link", "https://a.example/kaputt?x=1"),
        ("number", "19,90"),
        ("emoticon", ":-("),
    ]


def test_a_hashtag_may_be_found_with_and_without_its_sign_and_a_handle_only_with() -> None:
    assert tokens("#Fail")[0].spellings == ("#fail", "fail")
    assert tokens("@Fail")[0].spellings == ("@fail",)


@pytest.mark.parametrize("text", ["Windows XP", "Größe 8) bestellt", "um 12:30)", "Preis:(19 Euro)"])
def test_what_only_looks_like_an_emoticon_is_none(text: str) -> None:
    assert "emoticon" not in [kind for kind, _ in kinds(text)]


def test_skin_tone_and_style_make_no_other_emoji() -> None:
    assert tokens("👍🏽")[0].spellings == tokens("👍")[0].spellings
    assert tokens("❤️")[0].spellings == tokens("❤")[0].spellings


@given(st.text(max_size=80))
def test_every_token_stands_where_it_says(text: str) -> None:
    found = tokens(text)
    assert all(text[token.start : token.end] == token.raw for token in found)
    assert all(one.end <= other.start for one, other in itertools.pairwise(found))


@given(st.text(alphabet=st.characters(categories=["L"]), min_size=1, max_size=20))
def test_the_short_way_for_plain_words_says_the_same_as_the_long_one(word: str) -> None:
    assert [token.spellings for token in chunk_tokens(word)] == [
        token.spellings for token in chunk_tokens(f"({word})") if token.kind == "word"
    ]


@given(st.text(alphabet="aÄßé“’\u0308 \u00adx😡", max_size=40))
def test_folding_with_places_gives_the_same_text_and_places_in_the_original(text: str) -> None:
    folded = fold_text_with_places(text)
    assert folded.text == fold_text(text)
    assert len(folded.places) == len(folded.text) + 1
    assert all(0 <= place <= len(text) for place in folded.places)


def test_a_place_in_the_folded_text_leads_back() -> None:
    text = "Die Größe paßt"
    folded = fold_text_with_places(text)
    start = folded.text.index("groesse")
    assert text[slice(*folded.original(start, start + len("groesse")))] == "Größe"
