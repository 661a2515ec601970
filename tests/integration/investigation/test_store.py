"""The investigation store follows the log: late labels, later decisions, retractions, rebuilds, retention."""

from datetime import timedelta

import pytest

from reviews.investigation.results.investigating import Result, investigate
from reviews.investigation.store.following import empty_store, follow_log, investigation_store, tidy
from reviews.investigation.store.merging import MAX_SMALL_FILES
from scoring.intake.amending.corrections import retract_event
from scoring.log.append import append
from tests.factories.log import decided, labeled
from tests.integration.investigation.conftest import DAY, Pay, follow, query

pytestmark = pytest.mark.django_db(transaction=True)


def found(condition: str = "", **given: str) -> Result:
    return investigate(query(q=condition, **given), now=DAY)


def test_a_label_that_comes_late_counts(pay: Pay) -> None:
    event = pay("t-1")
    follow()
    assert found().figures.labeled == 0
    append([labeled(event.stream)], now=DAY)
    assert found('label == "fraud"').figures.positives == 1
    unlabeled = labeled(event.stream, version=2, value=None, effective=None, previous="fraud", said={})
    append([unlabeled], now=DAY)
    assert found("!has(label)").figures.count == 1


def test_the_latest_decision_counts_once(pay: Pay) -> None:
    event = pay("t-1")
    follow()
    append([decided(event, revision=1, outcome="block", score=0.9)], now=DAY)
    result = found()
    assert dict(result.figures.outcomes) == {"block": 1}
    assert (result.total, result.rows[0].score) == (1, 0.9)
    assert found("revision == 1 && score > 0.5").figures.count == 1


def test_a_retracted_event_is_left_out(pay: Pay) -> None:
    event = pay("t-1")
    pay("t-2")
    follow()
    retract_event(event.stream, reason="a test", actor="user/ana", now=DAY)
    assert found().figures.count == 1


def test_merging_and_retention_keep_what_counts(pay: Pay) -> None:
    pay("old", at=DAY - timedelta(days=95))
    for number in range(MAX_SMALL_FILES):
        pay(f"t-{number}", label="fraud" if number else "")
        follow()
    store = investigation_store()
    before = store.manifest()
    assert len(before.files_of("decided/type=payment/day=2026-03-02")) == MAX_SMALL_FILES
    tidy(store, now=DAY)
    after = store.manifest()
    assert len(after.files_of("decided/type=payment/day=2026-03-02")) == 1
    assert after.rows("decided/type=payment") == MAX_SMALL_FILES
    assert found('label == "fraud"').figures.count == MAX_SMALL_FILES - 1


def test_a_store_of_another_log_is_written_anew(pay: Pay) -> None:
    pay("t-1")
    follow()
    store = investigation_store()
    manifest = store.manifest()
    strange = manifest.followed_by(now=DAY, mark=f"{manifest.mark} elsewhere")
    store.commit(strange)
    pay("t-2")
    assert found().figures.count == 2


def test_an_emptied_store_is_written_anew(pay: Pay) -> None:
    pay("t-1")
    follow()
    assert empty_store(investigation_store())
    assert found().figures.count == 1


def test_a_run_ends_after_the_entries_that_it_may_add(pay: Pay) -> None:
    for number in range(5):
        pay(f"t-{number}")
    followed = follow_log(investigation_store(), now=DAY, max_entries=2)
    assert followed is not None
    assert (followed.entries, followed.caught_up) == (2, False)


def test_personal_values_are_not_stored(pay: Pay) -> None:
    pay("t-1", ip="digest-of-an-address")
    follow()
    store = investigation_store()
    manifest = store.manifest()
    columns = manifest.layout["decided/type=payment"]
    assert columns["has.ip"] == "bool"
    assert "field.ip" not in columns
    table = store.read_files(manifest.files)
    assert "digest-of-an-address" not in str(table.to_pylist())
    assert found("has(ip)").figures.count == 1
