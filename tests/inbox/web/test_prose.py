"""What strangers wrote cannot become markup."""

from __future__ import annotations

import html
import re

from hypothesis import given
from hypothesis import strategies as st

from inbox.web.prose import prose

TAG = re.compile(r"</?(?:mark|a)(?: [^>]*)?>")


@given(st.text(max_size=200), st.lists(st.tuples(st.integers(-5, 220), st.integers(-5, 220)), max_size=5))
def test_nothing_but_our_own_tags(text: str, spans: list[tuple[int, int]]) -> None:
    """Whatever the text and however odd the spans: without our tags the text is exactly what was written."""
    shown = str(prose(text, spans))
    without = TAG.sub("", shown)
    assert "<" not in without
    if "://" not in text:
        assert html.unescape(without) == text


def test_script_is_text() -> None:
    assert str(prose("<script>alert(1)</script>")) == "&lt;script&gt;alert(1)&lt;/script&gt;"


def test_deciding_words_are_marked() -> None:
    assert str(prose("Meine Hand ist verbrannt!", [[6, 24], [10, 12]])) == "Meine <mark>Hand ist verbrannt</mark>!"


def test_links_lead_away_safely() -> None:
    shown = str(prose('Siehe https://example.org/a?b=1&c="x" bitte'))
    assert 'href="https://example.org/a?b=1&amp;c=' in shown
    assert 'rel="noopener noreferrer nofollow ugc"' in shown
    assert str(prose("javascript://alert(1)")) == "javascript://alert(1)"


def test_long_links_are_shortened() -> None:
    shown = str(prose("https://example.org/" + "a" * 200))
    assert "…</a>" in shown
    assert f'href="https://example.org/{"a" * 200}"' in shown
