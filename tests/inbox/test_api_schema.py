"""The description at /api/v1/openapi.json is true: whatever is sent, the answer is one it describes, never a 500."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import CheckFunction
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from inbox.runtime import Runtime
from inbox.web.app import create_app
from tests.inbox.shop import add_comment, token_for

LENIENT: list[CheckFunction] = [positive_data_acceptance, negative_data_rejection]
"""A well-formed call may still be wrong (a cursor of another list), and what we do not know is overlooked."""
CONTRACT = {
    "/api/v1/conversations": {"get"},
    "/api/v1/conversations/{conversation_id}": {"get"},
    **{
        f"/api/v1/conversations/{{conversation_id}}/{verb}": {"post"}
        for verb in ("replies", "assign", "labels", "notes", "snooze", "resolve", "reopen")
    },
    "/api/v1/suggestions": {"get"},
    "/api/v1/suggestions/{suggestion_id}/accept": {"post"},
    "/api/v1/suggestions/{suggestion_id}/dismiss": {"post"},
    "/api/v1/accounts": {"get"},
    "/api/v1/outbox": {"get"},
    "/api/v1/crises": {"get", "post"},
    "/api/v1/crises/{crisis_id}/raise": {"post"},
    "/api/v1/crises/{crisis_id}/stand-down": {"post"},
    "/api/v1/reports/response-times": {"get"},
}


def test_every_call_of_the_contract_is_described(stranger: TestClient) -> None:
    described = stranger.get("/api/v1/openapi.json").json()
    for path, methods in CONTRACT.items():
        assert methods <= set(described["paths"][path]), path
    assert described["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    for path, calls in described["paths"].items():
        assert path.startswith("/api/v1/")
        for call in calls.values():
            for status, answer in call["responses"].items():
                wanted = "application/problem+json" if int(status) >= 400 else "application/json"
                assert set(answer["content"]) == {wanted}, (path, status)


@pytest.mark.slow
@pytest.mark.parametrize("mode", list(GenerationMode))
def test_answers_are_the_described_ones(runtime: Runtime, mode: GenerationMode) -> None:
    """Well-formed and malformed calls of every kind; schemathesis judges the answers by the description."""
    add_comment(runtime)
    add_comment(runtime, "Danke!", 2)
    headers = {"Authorization": f"Bearer {token_for(runtime)}", "Host": "127.0.0.1"}
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", create_app(runtime), headers=headers)
    for found in schema.get_all_operations():
        assert isinstance(found, Ok), found
        operation = found.ok()

        @settings(max_examples=15, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy(generation_mode=mode))
        def check(case: Case[Any]) -> None:
            case.call_and_validate(headers=headers, excluded_checks=LENIENT)

        check()
