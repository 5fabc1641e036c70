"""Phrases of all rules found in one pass over a text, whatever their number.

Every chunk of a text (what stands between white space) is understood once and remembered, because people use the
same words again and again. A phrase of several words is a path through a tree of word patterns.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Set
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import accumulate, chain
from typing import Any, Literal

import re2

from crisis_playbook.remembered import Remembered
from crisis_playbook.text import Token, chunk_tokens, fold

MOST_LETTERS = 200
MOST_MEMORY = 256 << 20
FEW = 20
"""So many `*parts*` are looked for one by one; RE2 costs as much at the start, and nothing for more."""

Open = Literal["closed", "start", "end", "both", "any"]
"""Which end of a word is open: none, `*wort`, `wort*`, `*wort*`, or `*` alone (any one word)."""


class PhraseError(ValueError):
    """A phrase that can never be found; args are what is wrong and what to write instead."""

    def __init__(self, message: str, fix: str) -> None:
        self.message, self.fix = message, fix
        super().__init__(f"{message}; {fix}")


@dataclass(frozen=True, slots=True)
class WordPattern:
    """One word of a phrase, folded."""

    text: str
    open: Open = "closed"


def parse_phrase(text: str) -> tuple[WordPattern, ...]:
    """The words of a phrase as a manager writes it. Raises PhraseError where it could never be found."""
    if len(text) > MOST_LETTERS:
        raise PhraseError(f"a phrase of {len(text)} letters", f"write at most {MOST_LETTERS} letters")
    patterns: list[WordPattern] = []
    for chunk in text.split():
        patterns.extend(_chunk_patterns(chunk, text))
    while patterns and patterns[0].open == "any":
        raise PhraseError(f"'{text}' begins with any word", "begin with a word, as in 'seit * tagen'")
    if not patterns:
        raise PhraseError(f"'{text}' holds no word", "write words, hashtags or emoji (for '!!' ask for a sign)")
    if patterns[-1].open == "any":
        raise PhraseError(f"'{text}' ends with any word", "end with a word, as in 'seit * tagen'")
    return tuple(patterns)


def _chunk_patterns(chunk: str, text: str) -> list[WordPattern]:
    if chunk == "*":
        return [WordPattern("*", "any")]
    inner = chunk.strip("*")
    if "*" in inner:
        raise PhraseError(f"'{text}' has a '*' inside a word", "put '*' only at the beginning or end of a word")
    found = [token for token in chunk_tokens(inner) if token.kind != "marks"]
    if not found:
        if "*" in chunk:
            raise PhraseError(f"'{text}' has a '*' without a word", "put '*' right at the end of a word")
        return []
    patterns = [WordPattern(_written(token)) for token in found]
    if chunk.startswith("*"):
        patterns[0] = WordPattern(patterns[0].text, "start")
    if chunk.endswith("*"):
        last = patterns[-1]
        patterns[-1] = WordPattern(last.text, "both" if last.open == "start" else "end")
    for pattern in patterns:
        if pattern.open != "closed" and len(pattern.text) < 2:
            raise PhraseError(f"'{text}' would match nearly every word", "write at least two letters beside '*'")
    return patterns


def _written(token: Token) -> str:
    return fold(token.raw) if token.kind in ("word", "number") else token.spellings[0]


@dataclass(slots=True)
class _Branch:
    """One step in the tree of phrases: what may come next, and which word lists are reached here."""

    following: dict[int, _Branch] = field(default_factory=dict)
    any_word: _Branch | None = None
    lists: list[int] = field(default_factory=list)


class Seen:
    """What one token means to the phrases: the lists it completes alone, the phrases it begins or continues."""

    __slots__ = ("atoms", "begins", "end", "expects", "is_word", "lists", "quoted", "start")

    def __init__(
        self,
        atoms: frozenset[int] = frozenset(),
        lists: tuple[int, ...] = (),
        begins: tuple[_Branch, ...] = (),
        is_word: bool = True,
        token: Token | None = None,
    ) -> None:
        self.atoms, self.lists, self.begins, self.is_word = atoms, lists, begins, is_word
        self.start, self.end = (token.start, token.end) if token else (0, 0)
        """Where it stands in its chunk; not told for words no phrase knows."""
        self.quoted = f'"{token.raw}"' if token else ""
        """As it is written, in quotes."""
        self.expects = _expected(begins)
        """What may follow in the phrases it begins; None where any word may."""


def _expected(begins: tuple[_Branch, ...]) -> Set[int] | None:
    if any(branch.any_word is not None for branch in begins):
        return None
    if len(begins) == 1:
        return begins[0].following.keys()
    return frozenset().union(*[branch.following for branch in begins])


Chunk = tuple[Seen, ...]
"""The tokens of what stands between white space."""
Stretch = tuple[int, int]
"""From the first token to one past the last."""
Found = dict[int, Seen | list[Stretch]]
"""For each word list that was found: where, or the only token that shows it, which is most of them."""


def list_number(kind: str, *what: object) -> int:
    """The number of a list of this kind that holds this: the same in every playbook that has the same list."""
    return int.from_bytes(blake2b(repr((kind, *what)).encode(), digest_size=7).digest())


class Phrases:
    """All word lists of a playbook. Add them, then `find` them all in one pass.

    Not meant to be shared between threads while adding; finding is safe to share.
    """

    def __init__(self) -> None:
        self._atoms: dict[WordPattern, int] = {}
        self._closed: dict[str, int] = {}
        self._open: dict[Open, dict[str, int]] = {"start": {}, "end": {}, "both": {}}
        self._lengths: dict[str, tuple[int, ...]] = {}
        """How long the `begin*` are that begin with these two letters (`be*`), and the `*end` that end so (`*nd`)."""
        self._inside: Any = None
        """Whether a word holds any of the `*parts*`: asked for every new word, whatever their number."""
        self._tree = _Branch()
        self._by_phrases: dict[tuple[tuple[WordPattern, ...], ...], int] = {}
        self._mark_tests: dict[int, re.Pattern[str]] = {}
        self._chunks = Remembered(self.understand)
        self._nothing = Seen()
        self._one_unknown = (self._nothing,)
        self._break = Seen(is_word=False)

    def add_list(self, phrases: list[tuple[WordPattern, ...]]) -> int:
        """Register a word list; its number is what `find` answers with. Equal lists share a number."""
        key = tuple(phrases)
        if key in self._by_phrases:
            return self._by_phrases[key]
        number = self._by_phrases[key] = list_number("phrases", key)
        for phrase in phrases:
            branch = self._tree
            for pattern in phrase:
                branch = self._step(branch, pattern)
            if number not in branch.lists:
                branch.lists.append(number)
        self._chunks.forget()
        return number

    def add_marks(self, pattern: str) -> int:
        """Register a list found where a chunk of the text matches `pattern` (Python syntax, trusted, linear).

        Chunks that are nothing but a word, not all in capitals, are not looked at.
        """
        number = list_number("marks", pattern)
        self._mark_tests[number] = re.compile(pattern)
        self._chunks.forget()
        return number

    def together_with(self, other: Phrases) -> Phrases:
        """The word lists of both, each under its number."""
        both = Phrases()
        for lists in (self, other):
            for phrases in lists._by_phrases:
                both.add_list(list(phrases))
            for test in lists._mark_tests.values():
                both.add_marks(test.pattern)
        return both

    def _step(self, branch: _Branch, pattern: WordPattern) -> _Branch:
        if pattern.open == "any":
            if branch.any_word is None:
                branch.any_word = _Branch()
            return branch.any_word
        return branch.following.setdefault(self._atom(pattern), _Branch())

    def _atom(self, pattern: WordPattern) -> int:
        if pattern not in self._atoms:
            self._atoms[pattern] = number = len(self._atoms)
            if pattern.open == "closed":
                self._closed[pattern.text] = number
            else:
                known = self._open[pattern.open]
                known[pattern.text] = number
                self._inside = None
                if pattern.open != "both":
                    self._know_length(pattern)
        return self._atoms[pattern]

    def _know_length(self, pattern: WordPattern) -> None:
        part = f"{pattern.text[:2]}*" if pattern.open == "end" else f"*{pattern.text[-2:]}"
        self._lengths[part] = tuple(sorted({*self._lengths.get(part, ()), len(pattern.text)}))

    def find(self, text: str) -> dict[int, list[Stretch]]:
        """Every word list found in the text, with the stretches of tokens."""
        stream = list(chain.from_iterable(self.chunks(text.split())))
        return {number: stretches_of(hit, stream) for number, hit in self.find_in(stream).items()}

    def chunks(self, written: list[str]) -> list[Chunk]:
        """What stands between white space, understood."""
        return list(map(self._chunks.__getitem__, written))

    def find_in(self, stream: list[Seen]) -> Found:
        """Every word list found in the tokens of a text. One pass, however many phrases."""
        nothing = self._nothing
        found: Found = {}
        for following, seen in enumerate(stream, 1):
            if seen is nothing:
                continue
            for number in seen.lists:
                if number in found:
                    _again(number, (following - 1, following), stream, found)
                else:
                    found[number] = seen
            if seen.begins and following < len(stream):
                expects, second = seen.expects, stream[following]
                if expects is None or (second is not nothing and not expects.isdisjoint(second.atoms)):
                    for branch in seen.begins:
                        _follow(branch, stream, following - 1, following, found)
        return found

    def understand(self, chunk: str) -> Chunk:
        """What the tokens of one chunk mean to the phrases."""
        marks: tuple[int, ...] = ()
        if chunk.isupper() or not chunk.isalpha():
            marks = tuple(number for number, test in self._mark_tests.items() if test.search(chunk))
        tokens = chunk_tokens(chunk)
        seen = [self._seen(token) for token in tokens]
        if marks and seen:
            last = seen[-1]
            seen[-1] = Seen(last.atoms, (*last.lists, *marks), last.begins, last.is_word, tokens[-1])
        return self._one_unknown if seen == [self._nothing] else tuple(seen)

    def _seen(self, token: Token) -> Seen:
        if token.kind == "marks":
            return self._break
        atoms = set(self._atoms_of(token.spellings[0], token.kind))
        for spelling in token.spellings[1:]:
            atoms.update(self._atoms_of(spelling, token.kind))
        if not atoms:
            return self._nothing
        branches = [self._tree.following[atom] for atom in sorted(atoms) if atom in self._tree.following]
        lists = tuple(dict.fromkeys(number for branch in branches for number in branch.lists))
        begins = tuple(branch for branch in branches if branch.following or branch.any_word)
        return Seen(frozenset(atoms), lists, begins, True, token)

    def _atoms_of(self, word: str, kind: str) -> list[int]:
        atoms = [self._closed[word]] if word in self._closed else []
        if kind in ("link", "handle"):
            return atoms
        for length in self._lengths.get(f"{word[:2]}*", ()):
            if word[:length] in self._open["end"]:
                atoms.append(self._open["end"][word[:length]])
        for length in self._lengths.get(f"*{word[-2:]}", ()):
            if word[-length:] in self._open["start"]:
                atoms.append(self._open["start"][word[-length:]])
        inside = self._open["both"]
        if len(inside) <= FEW or self._may_hold(word):
            atoms += [inside[part] for part in inside if part in word]
        return atoms

    def _may_hold(self, word: str) -> bool:
        if self._inside is None:
            options = re2.Options()
            options.max_mem = MOST_MEMORY
            self._inside = re2.compile("|".join(map(re2.escape, self._open["both"])), options)
        return self._inside.search(word) is not None


def _follow(branch: _Branch, stream: list[Seen], start: int, position: int, found: Found) -> None:
    if position >= len(stream):
        return
    seen = stream[position]
    branches = [branch.following[atom] for atom in seen.atoms if atom in branch.following]
    if branch.any_word is not None and seen.is_word:
        branches.append(branch.any_word)
    for following in branches:
        for number in following.lists:
            if number in found:
                _again(number, (start, position + 1), stream, found)
            else:
                found[number] = [(start, position + 1)]
        if following.following or following.any_word:
            _follow(following, stream, start, position + 1, found)


def _again(number: int, stretch: Stretch, stream: list[Seen], found: Found) -> None:
    stretches = found[number] = stretches_of(found[number], stream)
    stretches.append(stretch)


def stretches_of(hit: Seen | list[Stretch], stream: list[Seen]) -> list[Stretch]:
    """Where a list was found in the tokens of a text."""
    if isinstance(hit, list):
        return hit
    index = stream.index(hit)
    return [(index, index + 1)]


class Places:
    """From a token's number, as `find_in` counts them, to its letters; worked out only for those asked for.

    Only told for tokens that begin or end something found; others stand where their chunk begins.
    """

    __slots__ = ("_bounds", "_chunks", "_starts", "_text", "_written")

    def __init__(self, text: str, written: list[str], chunks: list[Chunk]) -> None:
        self._text = text
        self._written = written
        self._chunks = chunks
        self._bounds = list(accumulate(map(len, chunks)))
        self._starts: dict[int, int] = {}

    def characters(self, stretch: Stretch) -> tuple[int, int]:
        """The characters of a stretch of tokens: [start, end)."""
        first, end = stretch
        if end == first + 1:
            return self._place(first)
        return self._place(first)[0], self._place(end - 1)[1]

    def words(self, stretch: Stretch) -> str:
        """The words of a stretch of tokens as they are written, one blank between them."""
        first, end = stretch
        chunk = bisect_right(self._bounds, first)
        seen = self._chunks[chunk][first - self._bounds[chunk]]
        if end == first + 1:
            return self._written[chunk][seen.start : seen.end]
        last = bisect_right(self._bounds, end - 1)
        until = self._chunks[last][end - 1 - self._bounds[last]].end
        if last == chunk:
            return self._written[chunk][seen.start : until]
        between = self._written[chunk + 1 : last]
        return " ".join([self._written[chunk][seen.start :], *between, self._written[last][:until]])

    def _place(self, number: int) -> tuple[int, int]:
        chunk = bisect_right(self._bounds, number)
        if chunk not in self._starts:
            rest = self._text.split(None, chunk)[chunk]
            self._starts[chunk] = len(self._text) - len(rest)
        start = self._starts[chunk]
        seen = self._chunks[chunk][number - self._bounds[chunk]]
        return start + seen.start, start + seen.end


def apart(stretches: list[Stretch]) -> list[Stretch]:
    """The stretches that do not overlap, leftmost and longest first: how often something was really said."""
    if len(stretches) < 2:
        return stretches
    chosen: list[Stretch] = []
    for start, end in sorted(stretches, key=lambda stretch: (stretch[0], -stretch[1])):
        if not chosen or start >= chosen[-1][1]:
            chosen.append((start, end))
    return chosen
