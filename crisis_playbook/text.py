"""How a text becomes words: folding, tokens, and where each token stands in the original.

Folding makes what people mean alike alike: case, umlauts (ä = ae), ß (= ss), accents, typographic quotes and
apostrophes, soft hyphens, and letters repeated three times or more. Emoji, emoticons and hashtags are words; a
web address and a handle are one word each, whatever stands inside them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

import emoji

from crisis_playbook.remembered import Remembered

Kind = Literal["word", "number", "hashtag", "handle", "link", "emoji", "emoticon", "marks"]

IGNORED = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
_JOINED = rf"[\u0300-\u036f{IGNORED}]"
_WORD = rf"[^\W_](?:[^\W_]|{_JOINED}|['’‘`´](?=[^\W_]))*"
_EMOTICON = r"(?:(?<![^\W_])[:;=]['’]?[-o^]?[DPpOo/\\|*3<>]|[:;=]['’]?[-o^]?[()\[\]]+|[xX]D+|<3+|\^[_.-]?\^)"
_TOKEN = re.compile(
    rf"(?P<link>(?:[a-z]+://|www\.)\S+)"
    rf"|(?P<hashtag>[#＃]{_WORD}(?:_+{_WORD})*)"
    rf"|(?P<handle>[@＠][A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?)"
    rf"|(?P<number>\d+(?:[.,:]\d+)*(?![^\W\d_]))"
    rf"|(?P<emoticon>{_EMOTICON}(?![^\W_]))"
    rf"|(?P<word>{_WORD})"
    r"|(?P<marks>[.,:;!?…¡¿。！？、|]+)"
    r"|(?P<other>[^\w\s])"
)
_CHUNK = re.compile(r"\S+")
_REPEATED = re.compile(r"([^\W\d_])\1{2,}")
_DROPPED = re.compile(rf"['’‘`´{IGNORED}]")
_ACCENTS = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+")
_UMLAUTS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "œ": "oe", "ø": "oe", "đ": "d", "ł": "l", "ı": "i"}
)
_SKIN_AND_STYLE = dict.fromkeys([0xFE0E, 0xFE0F, 0x20E3, *range(0x1F3FB, 0x1F400)])
_PERHAPS_EMOJI = re.compile("[©®\u203c-\U0010ffff]")


class Token(NamedTuple):
    """One word, sign or emoji of a text.

    `spellings` are the folded forms it may be found by (several only where letters repeat, or for a hashtag).
    `start` and `end` are characters of the text it was taken from.
    """

    kind: Kind
    raw: str
    spellings: tuple[str, ...]
    start: int
    end: int


def fold(word: str) -> str:
    """One word as it is compared: lower case, ä as ae, ß as ss, no accents, no apostrophes.

    Letters repeated three times or more are written twice; `spellings` gives the single form as well.
    """
    return spellings(word)[0]


@lru_cache(maxsize=4096)
def spellings(word: str) -> tuple[str, ...]:
    """Every folded form of one word: 'neiiin' may mean 'neiin' or 'nein', 'kaputttt' 'kaputt' or 'kaput'."""
    lowered = word.lower()
    if not lowered.isalpha():
        lowered = _DROPPED.sub("", lowered)
    if not lowered.isascii():
        lowered = unicodedata.normalize("NFC", lowered)
    if not _REPEATED.search(lowered):
        return (_plain(lowered),)
    forms = [_REPEATED.sub(r"\1\1", lowered), _REPEATED.sub(r"\1", lowered)]
    if len(_REPEATED.findall(lowered)) == 2:
        forms.append(_REPEATED.sub(r"\1", _REPEATED.sub(r"\1\1", lowered, count=1)))
        forms.append(_REPEATED.sub(r"\1\1", _REPEATED.sub(r"\1", lowered, count=1)))
    return tuple(dict.fromkeys(map(_plain, forms)))


def _plain(lowered: str) -> str:
    if lowered.isascii():
        return lowered
    without = lowered.translate(_UMLAUTS)
    if without.isascii():
        return without
    return _ACCENTS.sub("", unicodedata.normalize("NFKD", without)).translate(_UMLAUTS).lower()


def fold_emoji(sign: str) -> str:
    """An emoji without skin tone and presentation style, as it is compared."""
    return sign.translate(_SKIN_AND_STYLE)


def tokens(text: str) -> list[Token]:
    """All tokens of a text in order, with their places in it."""
    found: list[Token] = []
    for chunk in _CHUNK.finditer(text):
        found.extend(chunk_tokens(chunk.group(), chunk.start()))
    return found


def chunk_tokens(chunk: str, offset: int = 0) -> list[Token]:
    """The tokens of a stretch of text without white space; `offset` is where it stands in the whole text."""
    if chunk.isalpha():
        return [Token("word", chunk, spellings(chunk), offset, offset + len(chunk))]
    if chunk[:-1].isalpha() and chunk[-1] in ".,!?:;":
        end = offset + len(chunk)
        word = Token("word", chunk[:-1], spellings(chunk[:-1]), offset, end - 1)
        return [word, Token("marks", chunk[-1], (chunk[-1],), end - 1, end)]
    found: list[Token] = []
    position = 0
    for start, end, sign in _emoji_in(chunk):
        found.extend(_tokens_between(chunk, position, start, offset))
        found.append(Token("emoji", sign, (fold_emoji(sign),), offset + start, offset + end))
        position = end
    found.extend(_tokens_between(chunk, position, len(chunk), offset))
    return found


def _emoji_in(chunk: str) -> list[tuple[int, int, str]]:
    if not _PERHAPS_EMOJI.search(chunk) or chunk.startswith(("http://", "https://", "www.")):
        return []
    return [(item["match_start"], item["match_end"], item["emoji"]) for item in emoji.emoji_list(chunk)]


def _tokens_between(chunk: str, start: int, end: int, offset: int) -> list[Token]:
    found: list[Token] = []
    for match in _TOKEN.finditer(chunk, start, end):
        kind = match.lastgroup
        if kind == "other" or kind is None:
            continue
        raw = match.group()
        found.append(Token(kind, raw, _spellings_of(kind, raw), offset + match.start(), offset + match.end()))  # type: ignore[arg-type]
    return found


def _spellings_of(kind: str, raw: str) -> tuple[str, ...]:
    if kind == "hashtag":
        forms = spellings(raw[1:])
        return tuple(f"#{form}" for form in forms) + forms
    if kind == "handle":
        return ("@" + raw[1:].lower(),)
    if kind in ("word", "number"):
        return spellings(raw)
    return (raw,)


@dataclass(frozen=True, slots=True)
class Folded:
    """A whole text folded for patterns, with the way back to the original."""

    text: str
    places: tuple[int, ...]
    """For each character of `text` (and one past the end): the character of the original it comes from."""

    def original(self, start: int, end: int) -> tuple[int, int]:
        """The stretch of the original text behind [start, end) of the folded one."""
        if end <= start:
            return (self.places[start], self.places[start])
        return (self.places[start], self.places[end - 1] + 1)


def fold_text(text: str) -> str:
    """The text as patterns see it: lower case, ä as ae, ß as ss, no accents, plain quotes. Repeats stay."""
    lowered = text.lower()
    if lowered.isascii():
        return lowered
    return _FOREIGN.sub(_folded_piece, lowered)


def _folded_piece(piece: re.Match[str]) -> str:
    return _PIECES[piece.group()]


def _fold_piece(piece: str) -> str:
    return _plain(unicodedata.normalize("NFC", piece)).translate(_PLAIN_QUOTES)


_FOREIGN = re.compile(r"[\x00-\x7f]?[^\x00-\x7f]+")
"""Letters outside ASCII with the one before them, which an accent may belong to: what can change when folded."""
_PIECES = Remembered(_fold_piece)


def fold_text_with_places(text: str) -> Folded:
    """`fold_text` with the way back, so that a match can be shown in the original."""
    parts: list[str] = []
    places: list[int] = []
    done = 0
    for piece in _FOREIGN.finditer(text):
        parts.append(text[done : piece.start()].lower())
        places.extend(range(done, piece.start()))
        done = piece.end()
        for start, end in _letters(text, piece.start(), done):
            folded = fold_text(text[start:end])
            parts.append(folded)
            places.extend([start] * len(folded))
    parts.append(text[done:].lower())
    return Folded("".join(parts), (*places, *range(done, len(text) + 1)))


def _letters(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Letters with the accents that follow them."""
    while start < end:
        following = start + 1
        while following < end and unicodedata.combining(text[following]):
            following += 1
        yield start, following
        start = following


_PLAIN_QUOTES = str.maketrans(
    {**dict.fromkeys("’‘`´‚‛", "'"), **dict.fromkeys("“”„‟«»", '"'), **dict.fromkeys(IGNORED, "")}
)
