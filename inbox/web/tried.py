"""One message tried on a playbook, in force or being written: what every rule says, and which words decided."""

from __future__ import annotations

from typing import Any

from starlette.datastructures import FormData

from crisis_playbook import KINDS, Facts, Playbook, evaluate, visibility_of
from inbox.web.desk import field

LONGEST_TRY = 10_000


def tried(playbook: Playbook, form: FormData, name: str) -> dict[str, Any] | None:
    """The decision on the text in the form's field of that name, of the kind and channel beside it; nothing is sent.

    None where no text was written.
    """
    text, kind, channel = field(form, name)[:LONGEST_TRY], field(form, "kind"), field(form, "channel") or None
    if not text.strip():
        return None
    kind = kind if kind in KINDS else KINDS[0]
    facts = Facts(text=text, channel=channel, kind=kind, visibility=visibility_of(kind), first_of_conversation=True)
    decision = evaluate(playbook, facts, explain=True)
    spans = [span for check in decision.checks if check.applied for step in check.steps for span in step.spans]
    return {"text": text, "kind": kind, "channel": channel, "decision": decision, "spans": spans}
