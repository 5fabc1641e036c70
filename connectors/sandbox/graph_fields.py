"""Graph field expansion: `id,message,comments.limit(5).order(reverse_chronological){id,from}`."""

from __future__ import annotations

from dataclasses import dataclass, field

from connectors.sandbox.graph_errors import graph_error


@dataclass
class Field:
    """One asked field with its modifiers and, in braces, the fields of what it holds."""

    name: str
    modifiers: dict[str, str] = field(default_factory=dict)
    inner: list[Field] = field(default_factory=list)


def parse_fields(text: str) -> list[Field]:
    """The asked fields. Raises the platform's syntax error for unbalanced text."""
    reader = _Reader(text)
    fields = reader.fields()
    if not reader.at_end():
        raise graph_error(2500, f"Syntax error \"Expected end of string instead of '{reader.rest()[:1]}'.\"")
    return fields


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = "".join(text.split())
        self._position = 0

    def at_end(self) -> bool:
        return self._position >= len(self._text)

    def rest(self) -> str:
        return self._text[self._position :]

    def fields(self) -> list[Field]:
        found: list[Field] = []
        while not self.at_end() and not self.rest().startswith("}"):
            found.append(self._field())
            if self.rest().startswith(","):
                self._position += 1
        return found

    def _field(self) -> Field:
        item = Field(self._word())
        while self.rest().startswith("."):
            self._position += 1
            name = self._word()
            item.modifiers[name] = self._argument()
        if self.rest().startswith("{"):
            self._position += 1
            item.inner = self.fields()
            self._expect("}")
        return item

    def _word(self) -> str:
        start = self._position
        while not self.at_end() and (self._text[self._position].isalnum() or self._text[self._position] == "_"):
            self._position += 1
        if start == self._position:
            raise graph_error(2500, f'Syntax error "Field name expected at character {start}"')
        return self._text[start : self._position]

    def _argument(self) -> str:
        self._expect("(")
        end = self._text.find(")", self._position)
        if end < 0:
            raise graph_error(2500, 'Syntax error "Expected ")" before end of string."')
        argument = self._text[self._position : end]
        self._position = end + 1
        return argument

    def _expect(self, character: str) -> None:
        if not self.rest().startswith(character):
            raise graph_error(2500, f"Syntax error \"Expected '{character}' at character {self._position}\"")
        self._position += 1
