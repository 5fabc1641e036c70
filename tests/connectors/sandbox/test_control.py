"""The control API: what a browser demo or an outside test process commands."""

from __future__ import annotations

from typing import Any

import requests

from connectors.sandbox import Sandbox
from tests.connectors.sandbox.conftest import Graph


def order(sandbox: Sandbox, path: str, **form: Any) -> requests.Response:
    return requests.post(f"{sandbox.origin}/sandbox/{path}", json=form, timeout=5)


def ask(sandbox: Sandbox, path: str) -> Any:
    return requests.get(f"{sandbox.origin}/sandbox/{path}", timeout=5).json()


def test_things_happen_on_command_and_the_journal_is_read(sandbox: Sandbox, page: Graph) -> None:
    post = order(sandbox, "world/facebook/post", text="Neu").json()["id"]
    comment = order(sandbox, "world/facebook/comment", post=post, person="Anna", text="Preis?").json()["id"]
    page.post(f"/{comment}/comments", message="59 Euro")
    journal = ask(sandbox, "journal")
    assert [(row["action"], row["target"]) for row in journal] == [("public_reply", comment)]
    assert journal[0]["at"] == "2026-11-10T09:00:00+00:00"
    counted = {(row["platform"], row["endpoint"]): row["count"] for row in ask(sandbox, "requests")}
    assert counted == {("facebook", "POST comments"): 1}
    assert ask(sandbox, "refused") == []
    assert "native_reply" in ask(sandbox, "verbs")["twitter"]


def test_faults_are_ordered_and_cleared(sandbox: Sandbox, page: Graph) -> None:
    fault = {"kind": "server_error", "status": 503}
    order(sandbox, "faults/next", platform="facebook", endpoint="GET me", fault=fault)
    assert [page.get("/me").status_code for _ in range(2)] == [503, 200]
    order(sandbox, "faults/always", platform="facebook", endpoint="*", fault="expired_token")
    assert page.get("/me").status_code == 401
    order(sandbox, "faults/clear")
    assert page.get("/me").status_code == 200
    assert [row["kind"] for row in ask(sandbox, "faults")] == ["server_error", "expired_token"]
    order(sandbox, "usage", platform="facebook", percent=80)
    assert '"call_count":80' in page.get("/me").headers["x-business-use-case-usage"]


def test_the_accounts_are_told_without_their_secrets(sandbox: Sandbox) -> None:
    told = requests.get(f"{sandbox.origin}/sandbox", timeout=5)
    assert {row["channel"] for row in told.json()["accounts"]} == {"facebook", "instagram", "twitter"}
    for login in sandbox.logins():
        for secret in login.credentials.values():
            assert secret not in told.text


def test_wrong_orders_get_a_sentence(sandbox: Sandbox) -> None:
    for path, form in (
        ("world/facebook/add_comment", {}), ("world/myspace/post", {}), ("world/facebook/post", {"words": 1}),
        ("faults/next", {"fault": "earthquake"}), ("faults/perhaps", {"fault": "garbage"}),
    ):  # fmt: skip
        answer = order(sandbox, path, **form)
        assert answer.status_code == 400
        assert answer.json()["error"]
    assert order(sandbox, "nothing").status_code == 404
