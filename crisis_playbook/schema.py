"""A JSON Schema of a playbook's file, made from the readers that load it, for editors."""

from __future__ import annotations

from typing import Any

from crisis_playbook.rules import QUESTION, RULE, SIGNAL, TOPIC
from crisis_playbook.sections import ALARM, HOURS, LEVEL, TARGET, TEAM
from crisis_playbook.when import When


def json_schema() -> dict[str, Any]:
    """The schema of one *.yml file (draft 2020-12). The loader checks more: names, patterns, examples."""

    def named(schema: dict[str, Any]) -> dict[str, Any]:
        return {"type": "object", "additionalProperties": schema}

    def listed(schema: dict[str, Any]) -> dict[str, Any]:
        return {"type": "array", "items": schema}

    sections = {
        "teams": named(TEAM.schema()),
        "hours": named(HOURS.schema()),
        "targets": listed(TARGET.schema()),
        "topics": named(TOPIC.schema()),
        "signals": named(SIGNAL.schema()),
        "questions": listed(QUESTION.schema()),
        "rules": listed(RULE.schema()),
        "alarms": listed(ALARM.schema()),
        "levels": {
            "type": "object",
            "patternProperties": {"^[0-6]$": LEVEL.schema()},
            "additionalProperties": False,
        },
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Zuruf crisis playbook",
        "type": "object",
        "additionalProperties": False,
        "properties": sections,
        "$defs": {"when": When().schema()},
    }
