"""Faults that change what an answer says: broken, doubled and shuffled rows, null batch items, foreign words."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from connectors.sandbox.faults import Fault
from connectors.sandbox.graph_errors import localised
from connectors.sandbox.wire import Answer

Json = Any
_NESTED = ("comments", "messages", "replies", "conversations", "media")
_TEXTS = ("message", "text", "caption")


def change_answer(answer: Answer, faults: Sequence[Fault], chance: random.Random) -> None:
    """Apply the faults to the answer in place."""
    for fault in faults:
        if fault.kind == "localised_errors":
            answer.body = localised(answer.body)
        elif fault.kind == "null_batch_items" and isinstance(answer.body, list):
            answer.body = [None if number % 2 else row for number, row in enumerate(answer.body)]
        elif answer.status == 200:
            for rows in _innermost_lists(answer.body)[:1]:
                _change_rows(rows, fault, chance)


def _change_rows(rows: list[Json], fault: Fault, chance: random.Random) -> None:
    if not rows:
        return
    position = chance.randrange(len(rows))
    if fault.kind == "duplicate_delivery":
        rows.insert(position, rows[position])
    elif fault.kind == "disordered_delivery":
        chance.shuffle(rows)
    elif fault.kind == "malformed_item":
        if fault.extra:
            rows.insert(position, dict(rows[position]) if isinstance(rows[position], dict) else {})
        rows[position] = _broken(rows[position], fault)


def _broken(row: Json, fault: Fault) -> Json:
    if fault.shape == "text" or not isinstance(row, dict):
        return "<row>"
    broken: dict[str, Json] = dict(row)
    if fault.extra and fault.shape != "nul":
        broken["id"] = "broken"
    if fault.shape == "missing":
        return {"id": broken["id"]} if "id" in broken else {}
    text = next((name for name in _TEXTS if name in broken), "text")
    if fault.shape == "nul":
        broken[text] = f"\x00{broken.get(text, '')}\x00"
        return broken
    broken[text] = {"unexpected": 7}
    for name in ("created_time", "timestamp", "created_at"):
        if name in broken:
            broken[name] = "vorgestern"
    broken["from"] = 17
    return broken


def _innermost_lists(body: Json) -> list[list[Json]]:
    """The lists that hold messages or comments, the deepest first; the page's own `data` last."""
    found: list[list[Json]] = []
    if isinstance(body, dict):
        values = [part for part in body.values() if isinstance(part, dict)]
        rows = body.get("data")
        if isinstance(rows, list):
            for row in rows:
                if isinstance(row, dict):
                    for name in _NESTED:
                        if isinstance(row.get(name), dict):
                            found.extend(_innermost_lists(row[name]))
            found.append(rows)
        else:
            for part in values:
                found.extend(_innermost_lists(part))
    return [rows for rows in found if rows]
