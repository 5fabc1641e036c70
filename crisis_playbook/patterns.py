"""Patterns in RE2's syntax (linear time), all found in one pass over the folded text."""

from __future__ import annotations

import re
from typing import Any

import re2

from crisis_playbook.phrases import Found, PhraseError, list_number
from crisis_playbook.text import fold, fold_text, fold_text_with_places

MOST_SIGNS = 500
MOST_MEMORY = 32 << 20
_CLASS = re.compile(r"\[(?:\\.|[^\]\\])*\]")
_BACKTRACKING = re.compile(r"\(\?(?:[=!>]|<[=!])|\\[1-9]|\\k<|[*+?}]\+")


def _options(memory: int = MOST_MEMORY) -> Any:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = memory
    return options


def fold_pattern(pattern: str) -> str:
    """The pattern as it meets folded text: umlauts outside classes become two letters, as in the text.

    Raises PhraseError where RE2 refuses it, or where an umlaut in a class could never match.
    """
    if len(pattern) > MOST_SIGNS:
        raise PhraseError(f"a pattern of {len(pattern)} signs", f"write at most {MOST_SIGNS} signs")
    for found in _CLASS.finditer(pattern):
        if not found.group().isascii():
            raise PhraseError(
                f"the class {found.group()} holds a letter outside a-z",
                "text is folded first (ä = ae, ß = ss): write (ae|oe|ue|ss) outside the brackets",
            )
    folded = re.sub(r"[^\x00-\x7f]+", lambda match: _literal(match.group()), pattern)
    try:
        compiled = re2.compile(folded, _options())
    except re2.error as error:
        raise PhraseError(f"the pattern {pattern!r} is refused by RE2: {_reason(error)}", _fix(pattern)) from None
    if compiled.search("") is not None:
        raise PhraseError(f"the pattern {pattern!r} matches an empty text", "ask for at least one letter")
    return folded


def _literal(letters: str) -> str:
    return "".join(part if len(part) == 1 else f"(?:{part})" for part in map(fold, letters))


def _reason(error: Exception) -> str:
    reason = error.args[0] if error.args else "no reason given"
    return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)


def _fix(pattern: str) -> str:
    if _BACKTRACKING.search(pattern):
        return "look-around, back references and possessive repeats do not exist here; say it with two conditions"
    return "check brackets and repeats; \\d, \\b, ( | ), ?, *, + and {2,5} are known"


class Patterns:
    """All patterns of a playbook. Add them, then `find` them all in one pass."""

    def __init__(self, memory: int = MOST_MEMORY) -> None:
        self._memory = memory
        self._numbers: list[int] = []
        self._patterns: dict[str, int] = {}
        self._set: Any = None

    def add(self, folded: str) -> int:
        """Register a folded pattern; its number is what `find` notes. Equal patterns share a number."""
        if folded not in self._patterns:
            self._patterns[folded] = list_number("pattern", folded)
            self._set = None
        return self._patterns[folded]

    def together_with(self, other: Patterns) -> Patterns:
        """The patterns of both, prepared, each under its number."""
        both = Patterns(self._memory + other._memory)
        for folded in (*self._patterns, *other._patterns):
            both.add(folded)
        both.prepare()
        return both

    def prepare(self) -> None:
        """Compile the set; called once when the playbook is complete."""
        if not self._patterns:
            return
        self._set = re2.Set.SearchSet(_options(self._memory))
        for folded in self._patterns:
            self._set.Add(folded)
        self._set.Compile()
        self._numbers = list(self._patterns.values())

    def find(self, text: str, found: Found) -> None:
        """Note the number of every pattern that matches; where it matches is left to `spans`."""
        if self._set is None:
            return
        for index in self._set.Match(fold_text(text)) or ():
            found[self._numbers[index]] = []

    def spans(self, folded: str, text: str) -> tuple[tuple[int, int], ...]:
        """Where one pattern matches, in characters of the original text."""
        whole = fold_text_with_places(text)
        matches = re2.compile(folded, _options()).finditer(whole.text)
        return tuple(whole.original(match.start(), match.end()) for match in matches)
