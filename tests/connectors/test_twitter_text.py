"""X's weighted length, and plain text out of its answers."""

from __future__ import annotations

import pytest

from connectors.base import Way
from connectors.twitter_text import link_spans, plain, same_text, weighted_length
from connectors.twitter_ways import text_length, text_limit


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", 0),
        ("Grüß Gott, schöne Tür", 21),
        ("„Danke“ – gern", 14),
        ("19 €", 5),
        ("Moment…", 8),
        ("test.de und shop.at", 51),
        ("Hallo Otto.Danke", 16),
        ("https://shop.example.com/ein/sehr/langer/weg?mit=allem&und=mehr#noch", 23),
        ("Hello, world! 👋", 16),
        ("👨‍👩‍👧‍👦", 2),
        ("🇦🇹", 2),
        ("1⃣", 2),
        ("👍🏽", 2),
        ("e\u0301", 1),
        ("日本語", 6),
        ("mail@shop.at", 12),
        ("@shop.at", 8),
    ],
)
def test_weighted_length(text: str, length: int) -> None:
    assert weighted_length(text) == length


def test_a_post_of_280_letters_fits_and_one_more_does_not() -> None:
    limit = text_limit(Way.PUBLIC_REPLY)
    assert text_length("ä" * 280, Way.PUBLIC_REPLY) == limit
    assert text_length("ä" * 281, Way.PUBLIC_REPLY) > limit


def test_a_reply_with_link_counts_the_link_that_will_be_put_in() -> None:
    bare = text_length("Bitte schreiben Sie uns", Way.PUBLIC_REPLY_WITH_LINK)
    assert bare == len("Bitte schreiben Sie uns") + 24
    linked = "Bitte schreiben Sie uns\nhttps://twitter.com/messages/compose?recipient_id=1"
    assert text_length(linked, Way.PUBLIC_REPLY_WITH_LINK) == bare


def test_direct_messages_count_characters() -> None:
    assert text_length("€" * 10_000, Way.DIRECT_MESSAGE) == text_limit(Way.DIRECT_MESSAGE)


def test_a_short_link_ends_where_its_letters_end() -> None:
    text = "see http://t.co/pbY2NfTZ's site"
    assert [text[start:end] for start, end in link_spans(text)] == ["http://t.co/pbY2NfTZ"]


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("Tom &amp; Jerry &lt;3", "Tom & Jerry <3"),
        ("&amp;lt;", "&lt;"),
        ("a\x00b", "ab"),
        ("half \ud83d pair", "half  pair"),
        ("&quot; stays", "&quot; stays"),
    ],
)
def test_plain_text(given: str, wanted: str) -> None:
    assert plain(given) == wanted


def test_what_is_no_text_is_told() -> None:
    with pytest.raises(TypeError, match="NoneType"):
        plain(None)


def test_our_text_is_recognised_although_x_rewrote_it() -> None:
    sent = "Hier: https://shop.at/hilfe/  und danke"
    found = "@kundin @shop Hier: https://t.co/abc und danke"
    assert same_text(sent, found, {"https://t.co/abc": "https://shop.at/hilfe"})
    assert not same_text(
        sent, "@kundin Hier: https://t.co/abc und dankel", {"https://t.co/abc": "https://shop.at/hilfe"}
    )
    assert not same_text("Danke!", "Danke", {})
