"""The numbers operators draw are in the text Prometheus reads, and say nothing about people."""

from __future__ import annotations

from datetime import timedelta

from prometheus_client.parser import text_string_to_metric_families

from inbox import metrics
from inbox.db import writing
from inbox.models import OutboxItem
from inbox.runtime import Runtime
from tests.inbox.rows import MOMENT, add_account, add_conversation, add_message
from tests.stepped_clock import SteppedClock


def values(runtime: Runtime) -> dict[tuple[str, ...], float]:
    body, media_type = metrics.exposition(runtime, runtime.clock())
    assert media_type.startswith("text/plain")
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
    }


def test_the_database_as_it_stands(runtime: Runtime, clock: SteppedClock) -> None:
    with writing(runtime.sessions) as session:
        account = add_account(session, health="limited", quotas=[{"name": "calls", "used_percent": 80}])
        row = add_conversation(session, waiting_since=MOMENT, due_at=clock() - timedelta(minutes=1))
        add_message(session, "Wo ist mein Paket?", author_name="Jana")
        session.add(
            OutboxItem(
                account_id=account.id, conversation_id=row.id, client_key="k", text="Danke", way="public_reply",
                visibility="public", origin="agent", state="unknown", created_at=MOMENT, not_before=MOMENT,
            )
        )  # fmt: skip
    clock.advance(seconds=90)
    found = values(runtime)
    assert found["zuruf_account_health", "shop", "limited"] == 1
    assert found["zuruf_account_health", "shop", "ok"] == 0
    assert found["zuruf_account_quota_used_percent", "shop", "calls"] == 80
    assert found["zuruf_account_seconds_since_success", "shop"] == 90
    assert found["zuruf_outbox_items", "unknown"] == 1
    assert found["zuruf_outbox_items", "queued"] == 0
    assert found["zuruf_triage_backlog",] == 1
    assert found["zuruf_conversations_overdue",] == 1
    text = metrics.exposition(runtime, clock())[0].decode()
    assert "Jana" not in text
    assert "Paket" not in text


def test_what_this_process_did(runtime: Runtime) -> None:
    before = values(runtime)
    metrics.ingested("facebook", "poll", 12)
    metrics.ingested("facebook", "poll", 0)
    metrics.sent("facebook", "agent", "sent")
    metrics.failed("facebook", "RateLimited")
    metrics.polled("facebook", 0.3)
    after = values(runtime)
    for name, grown in [
        (("zuruf_messages_ingested_total", "facebook", "poll"), 12),
        (("zuruf_replies_settled_total", "facebook", "agent", "sent"), 1),
        (("zuruf_platform_errors_total", "facebook", "RateLimited"), 1),
        (("zuruf_poll_seconds_count", "facebook"), 1),
    ]:
        assert after[name] - before.get(name, 0) == grown
