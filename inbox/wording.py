"""What customers get to read: reply templates by name and language, rendered with a handful of variables.

A template is one of ours; what a stranger wrote only ever enters as a variable's value, bounded and on one line.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from jinja2 import ChainableUndefined, FileSystemLoader, TemplateError, TemplateNotFound, TemplateSyntaxError
from jinja2.meta import find_undeclared_variables
from jinja2.nodes import Call, Filter, Template, Test
from jinja2.sandbox import ImmutableSandboxedEnvironment

PUBLIC_NOTE = ".public"
"""`name.public.txt` is the short public note beside the private message `name.txt`."""
VARIABLES = frozenset(
    {
        *("language", "contact_name", "shop_name", "agent_name", "open", "usual_reply_time", "next_opening"),
        *("opening_hours", "shop_url", "privacy_url", "deep_link", "private_message_sent"),
    }
)
"""Everything a template may name; templates/replies/README.md tells what each holds."""
LONGEST_NAME = 60
_TITLE = re.compile(r"\s*\{#-?\s*(?P<title>.*?)\s*-?#\}")
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

    def title(self, name: str, language: str | None) -> str:
        """What people call the template: the comment `{# … #}` at its beginning, in that language or in the default
        one; its name in words where nobody wrote one."""
        for candidate in dict.fromkeys((language, self.default_language, "de", "en")):
            try:
                with (self.folder / f"{candidate}" / f"{name}.txt").open(encoding="utf-8") as file:
                    found = _TITLE.match(file.readline())
            except (OSError, UnicodeDecodeError):
                continue
            if found is not None and found["title"]:
                return found["title"]
        return name.replace("-", " ")

    def check(self) -> list[str]:
        """Every template that cannot be used, as `file:line: what is wrong; what to write`."""
        if not self.folder.is_dir():
            return [f"{self.folder}: there is no such folder; write where the replies' texts are: [playbook] templates"]
        return [problem for path in sorted(self.folder.glob("*/*.txt")) for problem in self._problems_of(path)]

    def _problems_of(self, path: Path) -> list[str]:
        try:
            text = path.read_text(encoding="utf-8")
            tree = self.environment.parse(text)
            # Goes through everything the compiler does, so that it raises what compiling would.
            named = find_undeclared_variables(tree)
            _no_argument_twice(tree)
        except TemplateSyntaxError as error:
            return [f"{path}:{error.lineno}: {error.message}; templates/replies/README.md shows how to write it"]
        except TemplateError as error:
            return [f"{path}:1: {error}; templates/replies/README.md shows how to write it"]
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            return [f"{path}:{line}: not UTF-8 text; save the file as UTF-8"]
        except OSError as error:
            return [f"{path}: cannot be read ({error.strerror}); let the user who runs Zuruf read it"]
        if not _TITLE.sub("", text, count=1).strip():
            return [f"{path}:1: the template is empty; write the reply, or remove the file"]
        return [_unknown_variable(path, text, name) for name in sorted(named - VARIABLES)]


def open_wording(folder: Path, default_language: str) -> Wording:
    """The templates of a folder; a changed file counts at its next use."""
    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(folder), undefined=ChainableUndefined, autoescape=False, keep_trailing_newline=False
    )  # fmt: skip
    return Wording(folder, default_language, environment)


def _no_argument_twice(tree: Template) -> None:
    """Raises TemplateSyntaxError; Jinja itself would let Python find it, when the reply is written."""
    calls: Iterable[Call | Filter | Test] = chain(tree.find_all(Call), tree.find_all(Filter), tree.find_all(Test))
    for call in calls:
        names = [argument.key for argument in call.kwargs]
        for name in {name for name in names if names.count(name) > 1}:
            raise TemplateSyntaxError(f"the argument {name} is given twice", call.lineno)


def _unknown_variable(path: Path, text: str, name: str) -> str:
    line = next((number for number, line in enumerate(text.splitlines(), 1) if re.search(rf"\b{name}\b", line)), 1)
    close = difflib.get_close_matches(name, VARIABLES, 1)
    instead = f"write {close[0]}" if close else f"known: {', '.join(sorted(VARIABLES))}"
    return f"{path}:{line}: there is no variable {name}; {instead}"


def _tidy(text: str) -> str:
    """No blank edges, no three line breaks where a condition left a hole."""
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+\n", "\n", text)).strip()


def speakable_name(name: str | None) -> str:
    """A stranger's name as it may stand in a reply of ours: one line, bounded, no link."""
    if not name:
        return ""
    cleaned = " ".join(_LINK_OR_CONTROL.sub(" ", name).split())
    return cleaned if len(cleaned) <= LONGEST_NAME else ""
