"""The managers' workshop over HTTP, as a browser without scripts uses it."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, update

from inbox import access, backtests, playbook_drafts, playbooks, process
from inbox.db import reading, writing
from inbox.models import Backtest, Message, Suggestion
from inbox.runtime import Runtime
from tests.inbox.shop import PLAYBOOK, add_comment, client_of
from tests.inbox.web.conftest import ANNA, PASSWORD, Visitor
from tests.stepped_clock import SteppedClock

CLEO = "cleo@shop.example"
RULE = """
topics:
  trouble: {any: [kaputt]}
signals:
  complaint:
    points:
      - {topic: trouble, points: 2}
      - {text_any: [paket], points: 1.5, reason: a parcel}  # parcels are often late
    levels: {possible: 2, likely: 3}
rules:
  - rule: trouble
    severity: watch
    when: {complaint: possible}
    then: [{label: trouble}]
    examples:
      applies: [Alles kaputt!]
      does_not_apply: [Danke!]
"""
MISTAKEN = RULE.replace("severity:", "severety:")


@pytest.fixture
def cleo(runtime: Runtime, people: None) -> Iterator[Visitor]:
    """A second manager."""
    with writing(runtime.sessions) as session:
        access.add_user(session, CLEO, PASSWORD, "manager", runtime.clock(), name="Cleo Wagner")
    with client_of(runtime) as client:
        yield Visitor(runtime, client, CLEO)


def with_two_persons(runtime: Runtime) -> None:
    """As `second_person = true` in the configuration."""
    settings = runtime.settings
    runtime.settings = settings.model_copy(
        update={"playbook": settings.playbook.model_copy(update={"second_person": True})}
    )


def save(visitor: Visitor, text: str = RULE, reason: str = "kaputt is trouble") -> int:
    """Saves a new file into the visitor's draft; returns the draft's number."""
    answer = visitor.post("/playbook/workshop/save", file="50_trouble.yml", text=text, reason=reason)
    assert answer.status_code == 303, answer.text
    with reading(visitor.runtime.sessions) as session:
        draft = playbook_drafts.open_draft(session, ANNA) or playbook_drafts.open_draft(session, CLEO)
    assert draft is not None
    return draft.number


def act(visitor: Visitor, number: int, name: str, words: str = "") -> int:
    """Does something with a version; returns the status."""
    return int(visitor.post(f"/playbook/versions/{number}/{name}", words=words).status_code)


def in_force(runtime: Runtime) -> playbook_drafts.Version:
    """The version in force."""
    with reading(runtime.sessions) as session:
        found = playbook_drafts.in_force(session)
    assert found is not None
    return found


# -- editing ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    ["/playbook/workshop", "/playbook/versions", "/playbook/versions/1", "/playbook/points",
     "/playbook/versions/1/backtest", "/playbook/compare?before=1&after=1"],
)  # fmt: skip
def test_the_workshop_is_for_managers(anna: Visitor, ben: Visitor, path: str) -> None:
    assert anna.get(path).status_code == 200
    assert ben.get(path).status_code == 403


def test_a_file_is_shown_with_its_line_numbers(anna: Visitor) -> None:
    page = anna.get("/playbook/workshop").text
    assert "teams:\n  social: {members: [anna@shop.example]}" in page
    last = len(PLAYBOOK.splitlines())
    assert f'<span id="L{last}"' in page
    assert f'<span id="L{last + 1}"' not in page


def test_saving_keeps_one_draft_and_what_is_in_force(anna: Visitor) -> None:
    first = save(anna)
    assert save(anna, RULE.replace("kaputt", "defekt")) == first
    with reading(anna.runtime.sessions) as session:
        draft = playbook_drafts.version(session, first)
    assert (draft.status, draft.author, draft.reason) == ("draft", ANNA, "kaputt is trouble")
    assert "defekt" in draft.files["50_trouble.yml"]
    assert draft.files["00_basics.yml"] == PLAYBOOK
    assert in_force(anna.runtime).number == 1


def test_saving_the_same_text_begins_no_draft(anna: Visitor) -> None:
    anna.post("/playbook/workshop/save", file="00_basics.yml", text=PLAYBOOK.replace("\n", "\r\n"), reason="")
    with reading(anna.runtime.sessions) as session:
        assert playbook_drafts.open_draft(session, ANNA) is None


def test_a_draft_changed_in_another_window_is_not_overwritten(anna: Visitor) -> None:
    save(anna)
    fields = {"file": "50_trouble.yml", "text": RULE + "# mine\n", "reason": "", "expected": "0" * 64}
    answer = anna.post("/playbook/workshop/save", **fields)
    assert answer.status_code == 409
    assert "# mine" in answer.text


@pytest.mark.parametrize("name", ["../x.yml", ".hidden.yml", "rules.txt", ""])
def test_only_names_of_playbook_files_are_taken(anna: Visitor, name: str) -> None:
    assert anna.post("/playbook/workshop/save", file=name, text="rules: []", reason="").status_code == 422


def test_a_draft_can_lose_a_file_and_be_discarded(anna: Visitor) -> None:
    number = save(anna)
    anna.post("/playbook/workshop/remove", file="50_trouble.yml")
    with reading(anna.runtime.sessions) as session:
        assert list(playbook_drafts.version(session, number).files) == ["00_basics.yml"]
    anna.post("/playbook/workshop/discard")
    with reading(anna.runtime.sessions) as session:
        assert playbook_drafts.open_draft(session, ANNA) is None
        assert [one.number for one in playbook_drafts.history(session)] == [1]


def test_checking_names_line_and_fix_and_stores_nothing(anna: Visitor) -> None:
    fields = {"file": "50_trouble.yml", "text": MISTAKEN}
    page = anna.post("/playbook/workshop/check", **fields).text
    assert "50_trouble.yml:12</code>" in page
    assert "meinten Sie &#39;severity&#39;?" in page
    assert "severety" in page.partition("<textarea")[2]
    part = anna.client.post(
        "/playbook/workshop/check", data={"csrf": anna.csrf, **fields}, headers={"HX-Request": "true"}
    ).text
    assert part.lstrip().startswith('<div id="judged" data-ok="no" data-lines="12 "')
    with reading(anna.runtime.sessions) as session:
        assert playbook_drafts.open_draft(session, ANNA) is None


def test_a_failing_example_is_red_and_the_others_green(anna: Visitor) -> None:
    text = RULE.replace("[Alles kaputt!]", "[Alles kaputt!, Alles fein!]")
    page = anna.post("/playbook/workshop/check", file="50_trouble.yml", text=text).text
    assert "1 Beispiel schlägt fehl" in page
    assert re.search(r">✗</span>\s*<span class=\"faint\">[^<]*</span> Alles fein!", page)
    assert re.search(r">✓</span>\s*<span class=\"faint\">[^<]*</span> Alles kaputt!", page)


def test_a_message_is_tried_on_what_stands_in_the_form(anna: Visitor) -> None:
    fields = {"file": "50_trouble.yml", "text": RULE, "sample": "Ist <b>das</b> kaputt?", "kind": "comment"}
    page = anna.post("/playbook/workshop/try", **fields).text
    assert "&lt;b&gt;das&lt;/b&gt; <mark>kaputt</mark>" in page
    assert "50_trouble.yml:11" in page


# -- reviewing and publishing ----------------------------------------------------------------------------------------


def test_without_a_second_person_a_manager_publishes_after_the_checks(anna: Visitor, clock: SteppedClock) -> None:
    number = save(anna, MISTAKEN)
    assert act(anna, number, "publish") == 422
    assert save(anna, RULE) == number
    assert act(anna, number, "publish") == 303
    clock.advance(seconds=2)
    assert [rule.name for rule in anna.runtime.playbook.current().rules] == ["trouble"]


def test_a_second_person_reads_the_difference_sends_back_and_publishes(
    anna: Visitor, cleo: Visitor, clock: SteppedClock
) -> None:
    with_two_persons(anna.runtime)
    number = save(anna)
    assert act(anna, number, "publish") == 403
    assert act(cleo, number, "ask-for-review") == 403
    assert act(anna, number, "ask-for-review", "please look at kaputt") == 303
    assert act(anna, number, "publish") == 403
    assert 'title="Wartet auf Durchsicht"' in cleo.get("/inbox").text
    page = cleo.get(f"/playbook/versions/{number}").text
    assert "please look at kaputt" in page
    assert re.search(r'class="is">.*<code>\s*trouble: \{any: \[kaputt\]\}</code>', page)
    assert act(cleo, number, "send-back") == 422
    assert act(cleo, number, "send-back", "which products?") == 303
    assert "which products?" in anna.get(f"/playbook/versions/{number}").text
    assert save(anna, RULE.replace("[kaputt]", "[kaputt, kaputte]")) == number
    assert act(anna, number, "ask-for-review") == 303
    assert act(cleo, number, "publish") == 303
    published = in_force(anna.runtime)
    assert (published.number, published.author, published.reviewer) == (number, ANNA, CLEO)
    clock.advance(seconds=2)
    assert anna.runtime.playbook.current().hash == published.hash


def test_scenarios_beside_the_rules_hold_for_pages_too(anna: Visitor) -> None:
    folder = anna.runtime.settings.playbook.directory.parent / "scenarios"
    folder.mkdir()
    (folder / "one.yml").write_text(
        "scenarios:\n  - scenario: fine\n    start: 2026-03-02 10:00\n    steps:\n"
        '      - {at: 0m, send: "Alles fein", expect: {labels: [trouble]}}\n',
        "utf-8",
    )
    number = save(anna)
    assert "Szenario fine" in anna.get("/playbook/workshop").text
    assert act(anna, number, "publish") == 422


def test_a_draft_that_is_behind_says_so(anna: Visitor, cleo: Visitor, clock: SteppedClock) -> None:
    number = save(anna)
    clock.advance(minutes=5)
    cleo.post("/playbook/workshop/save", file="60_more.yml", text="rules: []", reason="")
    with reading(anna.runtime.sessions) as session:
        other = playbook_drafts.open_draft(session, CLEO)
    assert other is not None
    assert act(cleo, other.number, "publish") == 303
    for path in ("/playbook/workshop", f"/playbook/versions/{number}"):
        assert f"Version {other.number} wurde veröffentlicht" in anna.get(path).text


def test_the_history_compares_any_two_and_leads_back(anna: Visitor, clock: SteppedClock) -> None:
    number = save(anna)
    act(anna, number, "publish")
    page = anna.get("/playbook/versions").text
    assert "kaputt is trouble" in page
    assert in_force(anna.runtime).hash[:12] in page
    compared = anna.get(f"/playbook/compare?before={number}&after=1").text
    assert "Datei entfernt" in compared
    clock.advance(minutes=1)
    assert act(anna, 1, "roll-back") == 303
    assert in_force(anna.runtime).number == number + 1
    assert "50_trouble.yml" not in in_force(anna.runtime).files
    assert "./run playbook export" not in anna.get("/playbook/versions").text


def test_a_directory_that_says_something_else_gets_the_hint_to_export(anna: Visitor) -> None:
    act(anna, save(anna), "publish")
    assert "./run playbook export" in anna.get("/playbook/versions").text


def test_what_keeps_the_files_out_of_force_is_shown_everywhere(anna: Visitor, clock: SteppedClock) -> None:
    directory: Path = anna.runtime.settings.playbook.directory
    (directory / "00_basics.yml").write_text("teems: {}\n", "utf-8")
    playbooks.follow_directory(anna.runtime.sessions, directory, frozenset(), clock(), second_person=False)
    assert "00_basics.yml:1" in anna.get("/inbox").text
    for path in ("/playbook", "/playbook/workshop", "/playbook/versions", "/playbook/versions/1"):
        assert "00_basics.yml:1: &#39;teems&#39; ist kein Abschnitt" in anna.get(path).text


# -- backtest --------------------------------------------------------------------------------------------------------


def wait_for(anna: Visitor, address: str) -> str:
    """The page of a backtest once it has ended."""
    for thread in threading.enumerate():
        if thread.name == "backtest":
            thread.join(20)
    assert not anna.get(address.replace("?", "/progress?")).json()["running"], "the backtest does not end"
    return str(anna.get(address).text)


def test_a_backtest_shows_what_would_be_decided_otherwise(anna: Visitor, clock: SteppedClock) -> None:
    conversation = add_comment(anna.runtime, "Mein Toaster ist <kaputt>", 1)
    add_comment(anna.runtime, "Vielen Dank!", 2)
    clock.advance(minutes=10)
    number = save(anna)
    answer = anna.post(f"/playbook/versions/{number}/backtest", days="7")
    assert answer.headers["location"] == f"/playbook/versions/{number}/backtest?days=7"
    page = wait_for(anna, answer.headers["location"])
    assert f'href="/conversations/{conversation}"' in page
    assert "Mein Toaster ist &lt;kaputt&gt;" in page
    assert "Vielen Dank!" not in page
    assert re.search(r'trouble</a></th><td class="number">0</td><td class="number">1</td><td class="number">\+1', page)
    assert "1 von 2 Nachrichten" in anna.get(f"/playbook/versions/{number}").text
    save(anna, RULE.replace("kaputt", "defekt"))
    assert "Der Entwurf hat sich seither geändert" in anna.get(f"/playbook/versions/{number}").text


def test_a_backtest_is_seen_by_every_process_and_without_words_that_are_gone(
    anna: Visitor, clock: SteppedClock
) -> None:
    for number, text in enumerate(("Mein Toaster ist kaputt", "Auch meiner ist kaputt"), 1):
        add_comment(anna.runtime, text, number)
    clock.advance(minutes=10)
    address = anna.post(f"/playbook/versions/{save(anna)}/backtest", days="7").headers["location"]
    wait_for(anna, address)
    with writing(anna.runtime.sessions) as session:
        stored = session.scalars(select(Backtest)).one()
        assert "kaputt" not in json.dumps(stored.result)
        session.execute(update(Message).where(Message.text.startswith("Mein")).values(deleted_at=clock(), text=""))
        candidate, active = stored.candidate, stored.active
    other = process.build(anna.runtime.settings, anna.runtime.channels, clock)
    with reading(other.sessions) as session:
        job = backtests.job(session, candidate, active, 7, clock())
    other.engine.dispose()
    assert job is not None
    assert job.result is not None
    assert [one.text for one in job.result.shown] == ["Auch meiner ist kaputt"]
    assert job.result.different == 2


def test_a_backtest_whose_process_died_is_told_and_can_be_run_again(anna: Visitor, clock: SteppedClock) -> None:
    number = save(anna)
    with writing(anna.runtime.sessions) as session:
        hashes = playbook_drafts.version(session, number).hash, anna.runtime.playbook.current().hash
        session.add(
            Backtest(
                version=number, candidate=hashes[0], active=hashes[1], days=7, asked_by="cleo@shop.example",
                asked_at=clock(), state="running", done=1, total=9, heard_at=clock(), result=None,
            )
        )  # fmt: skip
    address = f"/playbook/versions/{number}/backtest?days=7"
    assert anna.get(address.replace("?", "/progress?")).json() == {"running": True, "done": 1, "total": 9}
    assert anna.post(f"/playbook/versions/{number}/backtest", days="30").status_code == 409
    clock.advance(minutes=3)
    assert "Der Backtest ist abgebrochen" in anna.get(address).text
    anna.post(f"/playbook/versions/{number}/backtest", days="7")
    assert "Keine Nachricht wäre anders entschieden worden" in wait_for(anna, address)


def test_a_draft_that_cannot_be_read_gets_no_backtest(anna: Visitor) -> None:
    number = save(anna, MISTAKEN)
    assert anna.post(f"/playbook/versions/{number}/backtest", days="7").status_code == 422


def test_a_draft_with_mistakes_offers_neither_backtest_nor_publishing(anna: Visitor) -> None:
    number = save(anna, MISTAKEN)
    page = anna.get(f"/playbook/versions/{number}").text
    assert f"/playbook/versions/{number}/backtest" not in page
    assert f'formaction="/playbook/versions/{number}/ask-for-review"' in page
    assert f'formaction="/playbook/versions/{number}/publish"' not in page
    assert "wenn alle Fehler behoben sind" in page


# -- points ----------------------------------------------------------------------------------------------------------


def clicked(runtime: Runtime, reason: str, status: str, count: int) -> None:
    """So many decided suggestions that rest on one line of points."""
    with writing(runtime.sessions) as session:
        message = session.query(Message).first()
        assert message is not None
        for number in range(count):
            session.add(
                Suggestion(
                    conversation_id=message.conversation_id, message_id=message.id, kind="move_to_private",
                    template=f"{reason}-{status}-{number}", rule="trouble", playbook="0" * 12, way="private_reply",
                    text="", why=[], points=[[reason, 1.0]], status=status, created_at=runtime.clock(),
                )
            )  # fmt: skip


def test_better_points_become_a_draft_that_somebody_publishes(anna: Visitor, clock: SteppedClock) -> None:
    act(anna, save(anna), "publish")
    clock.advance(seconds=2)
    add_comment(anna.runtime)
    clicked(anna.runtime, 'a parcel: "Paket"', "dismissed", 20)
    clicked(anna.runtime, 'a parcel: "Paket"', "accepted", 5)
    clicked(anna.runtime, 'topic trouble: "kaputt"', "accepted", 25)
    page = anna.get("/playbook/points").text
    assert "80 % <span" in page
    assert "(20 von 25)" in page
    assert "(0 von 25)" in page
    before = in_force(anna.runtime)
    answer = anna.post("/playbook/points", line="50_trouble.yml:8")
    assert answer.status_code == 303
    assert in_force(anna.runtime).number == before.number
    with reading(anna.runtime.sessions) as session:
        draft = playbook_drafts.open_draft(session, ANNA)
    assert draft is not None
    assert "- {text_any: [paket], points: 1, reason: a parcel}  # parcels" in draft.files["50_trouble.yml"]
    assert "dismissed 20 of 25 with it and 0 of 25 without it" in draft.reason
    assert anna.post("/playbook/points", line="50_trouble.yml:8").status_code == 409


def test_agents_cannot_make_drafts(ben: Visitor) -> None:
    assert ben.post("/playbook/points", line="50_trouble.yml:8").status_code == 403
    assert ben.post("/playbook/workshop/save", file="50_x.yml", text="rules: []", reason="").status_code == 403


# -- nothing new -----------------------------------------------------------------------------------------------------


def test_what_says_the_same_is_not_published_again(anna: Visitor) -> None:
    first = save(anna)
    anna.post(f"/playbook/versions/{first}/publish")
    with writing(anna.runtime.sessions) as session:
        same = playbook_drafts.version(session, first)
        second = playbooks.save_draft(session, same.files, ANNA, "", anna.runtime.clock())
    page = anna.get(f"/playbook/versions/{second}").text
    assert "Es gibt nichts zu veröffentlichen" in page
    assert f'/playbook/versions/{second}/publish">' not in page.replace('formaction="', "")
    answer = anna.post(f"/playbook/versions/{second}/publish")
    assert answer.status_code == 409
    with reading(anna.runtime.sessions) as session:
        in_force = playbook_drafts.in_force(session)
        assert in_force is not None
        assert in_force.number == first
