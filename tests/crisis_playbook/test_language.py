"""The language of short messages."""

from __future__ import annotations

import pytest

from crisis_playbook import detect_language, language_by_function_words


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Wo ist mein Paket?", "de"),
        ("Danke, ist angekommen", "de"),
        ("Kaputt angekommen", "de"),
        ("Grüezi, wann haben Sie offen?", "de"),
        ("@shop https://a.example habt ihr das in blau", "de"),
        ("Where is my order?", "en"),
        ("refund please", "en"),
        ("It doesn’t work", "en"),
        ("Bonjour, où est ma commande ?", "fr"),
        ("Buongiorno, dove è il mio ordine?", "it"),
    ],
)
def test_short_messages_are_told_apart(text: str, language: str) -> None:
    assert detect_language(text) == language


@pytest.mark.parametrize("text", ["", "!!!", "😡😡", "@shop", "https://shop.example/und/oder", "12345"])
def test_without_words_it_cannot_be_told(text: str) -> None:
    assert detect_language(text) is None


@pytest.mark.parametrize(
    ("text", "language"),
    [("Wo ist mein Paket?", "de"), ("Where is my order?", "en"), ("Kaputt angekommen", None), ("Hallo! Order?", None)],
)
def test_function_words_tell_it_only_where_they_are_certain(text: str, language: str | None) -> None:
    assert language_by_function_words(text) == language
