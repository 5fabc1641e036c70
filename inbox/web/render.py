"""From a template and a view to HTML. One Jinja environment a language; everything is escaped, always."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from inbox.web.allowances import allowance
from inbox.web.assets import Assets
from inbox.web.explanations import explained
from inbox.web.format import Format, initials, share_gone
from inbox.web.i18n import locale_name, translations
from inbox.web.playbook_mistakes import said_fix, said_mistake, said_wrong
from inbox.web.prose import prose
from inbox.web.refusals import translated

TEMPLATES = Path(__file__).parents[2] / "templates"


class Renderer:
    """Renders for one installation, whose zone and scripts do not change while it runs."""

    def __init__(self, timezone: str, templates: Path = TEMPLATES) -> None:
        self.timezone = timezone
        self.zone = ZoneInfo(timezone)
        self.templates = templates
        self.assets = Assets()
        self._environments: dict[str, Environment] = {}

    def page(self, template: str, language: str, now: datetime, view: Mapping[str, Any]) -> str:
        """A page, or a part of one that has a template of its own."""
        context = {"at": self.format(language, now), "now": now, "language": language, **view}
        return self._environment(language).get_template(f"web/{template}").render(context)

    def format(self, language: str, now: datetime) -> Format:
        """How this reader sees times and numbers at this moment."""
        locale = Locale.parse(locale_name(language, self.timezone))
        return Format(translations(language), locale, self.zone, now)

    def _environment(self, language: str) -> Environment:
        environment = self._environments.get(language)
        if environment is None:
            environment = self._environments[language] = self._made_for(language)
        return environment

    def _made_for(self, language: str) -> Environment:
        environment = Environment(
            loader=FileSystemLoader(self.templates),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        )
        texts = translations(language)
        environment.install_gettext_translations(texts, newstyle=True)  # type: ignore[attr-defined]
        environment.policies["ext.i18n.trimmed"] = True
        environment.globals |= {
            "asset": self.assets.address,
            "initials": initials,
            "share_gone": share_gone,
            "prose": prose,
            "explained": partial(explained, texts=texts),
            "said": partial(translated, texts=texts),
            "allowance": partial(allowance, texts=texts),
            "said_wrong": partial(said_wrong, texts=texts),
            "said_fix": partial(said_fix, texts=texts),
            "said_mistake": partial(said_mistake, texts=texts),
        }
        return environment
