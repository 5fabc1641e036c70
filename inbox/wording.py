"""What customers get to read: reply templates by name and language, rendered with a handful of variables.

A template is one of ours; what a stranger wrote only ever enters as a variable's value, bounded and on one line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jinja2 import ChainableUndefined, FileSystemLoader, TemplateError, TemplateNotFound, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

PUBLIC_NOTE = ".public"
"""`name.public.txt` is the short public note beside the private message `name.txt`."""
LONGEST_NAME = 60
_LINK_OR_CONTROL = re.compile(r"[\x00-\x1f\x7f<>{}]|https?://\S*|www\.\S*")


class WordingProblem(Exception):
    """A template cannot be used. The text names file, line, and what is wrong."""


@dataclass(frozen=True, slots=True)
class Wording:
    """The reply templates of one folder: `LANGUAGE/NAME.txt`."""

    folder: Path
    default_language: str
    environment: ImmutableSandboxedEnvironment

    def names(self) -> frozenset[str]:
        """Every template there is, without language and without the public notes."""
        files = (path.stem for path in self.folder.glob("*/*.txt"))
        return frozenset(name for name in files if not name.endswith(PUBLIC_NOTE))

    def has(self, name: str) -> bool:
        """Whether a template of this name exists in any language."""
        return any(self.folder.glob(f"*/{name}.txt"))

    def render(self, name: str, language: str | None, variables: Mapping[str, object]) -> str:
        """The text in that language, or in the default one; raises WordingProblem when there is none."""
        for candidate in dict.fromkeys((language, self.default_language, "de", "en")):
            try:
                template = self.environment.get_template(f"{candidate}/{name}.txt")
                return _tidy(template.render(**variables))
            except TemplateNotFound:
                continue
            except TemplateError as error:
                raise WordingProblem(f"{self.folder}/{candidate}/{name}.txt: {error}") from error
        raise WordingProblem(f"{self.folder}: no language has a template {name}.txt")

    def check(self) -> list[str]:
        """Every template that cannot be read, as `file:line: what is wrong`."""
        problems = []
        for path in sorted(self.folder.glob("*/*.txt")):
            try:
                self.environment.parse(path.read_text(encoding="utf-8"))
            except TemplateSyntaxError as error:
                problems.append(f"{path}:{error.lineno}: {error.message}")
            except UnicodeDecodeError as error:
                problems.append(f"{path}:1: the file is not UTF-8 ({error.reason} at byte {error.start})")
        return problems


def open_wording(folder: Path, default_language: str) -> Wording:
    """The templates of a folder; a changed file counts at its next use."""
    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(folder), undefined=ChainableUndefined, autoescape=False, keep_trailing_newline=False
    )  # fmt: skip
    return Wording(folder, default_language, environment)


def _tidy(text: str) -> str:
    """No blank edges, no three line breaks where a condition left a hole."""
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+\n", "\n", text)).strip()


def speakable_name(name: str | None) -> str:
    """A stranger's name as it may stand in a reply of ours: one line, bounded, no link."""
    if not name:
        return ""
    cleaned = " ".join(_LINK_OR_CONTROL.sub(" ", name).split())
    return cleaned if len(cleaned) <= LONGEST_NAME else ""
