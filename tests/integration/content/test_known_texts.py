"""Texts are compared with those that people found to break a policy, beside the lane."""

import math
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import redis

from scoring.content.embeddings import queue
from scoring.content.embeddings.enrichment import enrich_with_similarities
from scoring.content.embeddings.following import TEXTS
from scoring.content.embeddings.known.database import is_indexed, prepare_search
from scoring.content.embeddings.known.stored import delete_unneeded
from scoring.content.embeddings.models import KnownText, TextEmbedding, TextJob
from scoring.content.embeddings.subjects import read_subjects
from scoring.content.media.enrichment import enrich_events
from scoring.content.media.models import MediaItem
from scoring.content.media.processing.process import settle
from scoring.content.media.processing.protocol import Outcome
from scoring.content.media.queue import Claimed
from scoring.intake.amending.corrections import retract_event
from scoring.log.consumers.registry import catch_up, rebuild_consumer
from scoring.log.models import VaultItem
from scoring.replay.service import replay
from scoring.rules.expressions.compiling import compile_expression
from scoring.rules.expressions.operands import operands_of
from scoring.signals import redis_connections as connections
from scoring.sql.vector_extension import has_vector
from tests.factories.catalog import catalog_with
from tests.factories.embedders import NAME, BrokenEmbedder, HashedWords
from tests.factories.media import Uploads, png
from tests.integration.content.letters import (
    ALIKE,
    BUY,
    OTHER,
    PRIZE,
    correct,
    embed,
    entries,
    features,
    label,
    now,
    receive,
    similar,
    work,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def letters(settings: Any, online_redis: redis.Redis) -> Iterator[None]:
    settings.TEXT_EMBEDDINGS = NAME
    settings.TEXT_SIMILARITY_MIN = 0.5
    connections.client.cache_clear()
    with catalog_with("tests.factories.letters"):
        yield


def test_a_text_like_a_known_one_is_decided_again_on_that() -> None:
    receive("L-1", BUY)
    work()
    label("L-1", "spam")
    embed()
    receive("L-2", ALIKE)
    receive("L-3", OTHER)
    work()
    embed()
    work()

    made, revised = (entry for entry in entries("L-2") if entry.type.startswith("decision."))
    assert (made.data["cause"], revised.data["cause"]) == ("", "enriched")
    before, after = features(made), features(revised)
    assert math.isnan(before["body_similarity_spam"])
    expected = 5 / 7  # of seven words each, five are shared
    assert after["body_similarity_spam"] == after["body_similarity"] == pytest.approx(expected, abs=1e-4)
    assert math.isnan(after["body_similarity_scam"])
    assert after["author_since_last"] == before["author_since_last"]
    assert after["body_words"] == before["body_words"] == 7.0
    enriched = entries("L-2")[-2]
    assert enriched.data["enriched"] == ["body.similarity", "body.similarity_spam"]
    assert enriched.data["known_texts"] == {
        "model": f"{NAME}@words.1",
        "nearest": [
            {
                "field": "body",
                "policy": "spam",
                "event_position": entries("L-1")[0].position,
                "similarity": pytest.approx(expected, abs=1e-4),
            }
        ],
    }
    assert [entry.type for entry in entries("L-3")] == ["event.received", "decision.made"]


def test_a_decision_on_it_is_replayed_without_the_model(settings: Any) -> None:
    receive("L-1", BUY)
    label("L-1", "spam")
    receive("L-2", ALIKE)
    work()
    embed()
    work()
    settings.TEXT_EMBEDDINGS = ""
    TextEmbedding.objects.all().delete()
    hour = timedelta(hours=1)
    report = replay("letter", since=now() - hour, until=now() + hour)
    assert report.decisions == 3
    assert report.is_identical, report.first


def test_rules_name_it() -> None:
    expression = compile_expression(
        "body_similarity_spam > 0.9 || motto_similarity > 0.9", operands_of("letter")
    )
    assert set(expression.operands) == {"body_similarity_spam", "motto_similarity"}


@pytest.mark.parametrize(
    ("labels", "known"),
    [
        ([("spam", "review")], ["letter/spam"]),
        ([("spam", "chargeback")], ["letter/spam"]),
        ([("spam", "acme")], []),
        ([("spam", "acme"), ("", "review")], []),
        ([("spam scam", "review")], ["letter/scam", "letter/spam"]),
        ([("spam", "review"), ("scam", "review")], ["letter/scam"]),
    ],
    ids=["a reviewer", "a dispute", "another source", "overruled by a reviewer", "two policies", "changed"],
)
def test_a_text_is_known_as_the_current_label_says(labels: list[tuple[str, str]], known: list[str]) -> None:
    receive("L-1", BUY)
    for policies, source in labels:
        value = "violating" if policies else "acceptable"
        label("L-1", *policies.split(), value=value, source=source)
        embed()
    assert sorted(KnownText.objects.values_list("scope", flat=True)) == known
    assert TextEmbedding.objects.filter(known=True).exists() == bool(known)


def test_a_retracted_label_or_event_makes_a_text_unknown() -> None:
    for name in ("L-1", "L-2"):
        receive(name, f"{BUY} {name}")
        label(name, "spam")
    embed()
    assert TextEmbedding.objects.filter(known=True).count() == 2
    label("L-1", value=None)
    retract_event("letter/post/L-2", reason="sent by mistake", now=now())
    embed()
    assert not KnownText.objects.exists()
    assert not TextEmbedding.objects.filter(known=True).exists()
    receive("L-3", BUY)
    embed()
    assert similar("L-3") == {}


def test_a_corrected_text_takes_the_place_of_the_one_before() -> None:
    receive("L-1", BUY)
    label("L-1", "spam")
    receive("L-2", ALIKE)
    embed()
    assert similar("L-2")
    for name in ("L-1", "L-2"):
        correct(name, OTHER)
    embed()
    assert similar("L-2") == {"body.similarity": 1.0, "body.similarity_spam": 1.0}
    receive("L-3", BUY)
    embed()
    assert similar("L-3") == {}


def test_an_erased_text_takes_its_embedding_with_it() -> None:
    event = receive("L-1", BUY)
    label("L-1", "spam")
    embed()
    assert TextEmbedding.objects.filter(known=True).count() == 1
    VaultItem.objects.filter(digest=event.data["fields"]["body"]).delete()
    assert not TextEmbedding.objects.exists()
    receive("L-2", ALIKE)
    embed()
    assert similar("L-2") == {}


def test_what_is_erased_while_it_is_embedded_is_not_stored() -> None:
    class Slow(HashedWords):
        def embed(self, texts: Any) -> Any:
            VaultItem.objects.all().delete()
            return super().embed(texts)

    receive("L-1", BUY)
    label("L-1", "spam")
    embed(Slow())
    assert not TextEmbedding.objects.exists()


def test_a_text_that_is_not_personal_is_compared_too() -> None:
    receive("L-1", motto=BUY)
    label("L-1", "spam")
    embed()
    receive("L-2", motto=f"{BUY} again")
    embed()
    assert similar("L-2")["motto.similarity_spam"] > 0.9


def test_an_event_is_not_compared_with_itself_but_with_its_copies() -> None:
    receive("L-1", BUY)
    label("L-1", "spam")
    embed()
    assert similar("L-1") == {}
    receive("L-2", BUY.upper())
    embed()
    assert similar("L-2")["body.similarity_spam"] == 1.0


def test_a_disguised_text_is_compared_as_people_read_it() -> None:
    receive("L-1", BUY)
    label("L-1", "spam")
    receive("L-2", "buy ch\u0435ap f0ll0wers for your ch4nnel today")
    embed()
    assert similar("L-2")["body.similarity_spam"] == 1.0


def test_texts_of_few_letters_and_history_are_not_compared() -> None:
    receive("L-1", "ok thanks")
    label("L-1", "spam")
    receive("L-2", "ok thanks")
    embed()
    assert similar("L-2") == {}
    assert not TextEmbedding.objects.exists()


def test_an_event_waits_for_its_files_first(uploads: Uploads) -> None:
    receive("L-1", BUY)
    label("L-1", "spam")
    media = uploads.post(png()).json()["id"]
    receive("L-2", ALIKE, files=[media])
    embed()
    assert similar("L-2") == {}
    done = {"width": 1, "height": 1, "hashes": [], "nsfw": 0.1, "previews": []}
    settle(MediaItem.objects.get(), Outcome(done), Claimed(media, "post", 1), now=now())
    assert enrich_events(now=now()) == 1
    embed(at=now() + timedelta(seconds=30))
    assert similar("L-2")["body.similarity_spam"] > 0.7
    version = [entry for entry in entries("L-2") if entry.type == "event.enriched"][-1]
    assert version.data["signals"]["files.nsfw"] == 0.1


def test_a_repeated_run_appends_nothing() -> None:
    receive("L-1", BUY)
    label("L-1", "spam")
    receive("L-2", ALIKE)
    model = embed()
    count = len(entries("L-2"))
    assert enrich_with_similarities(read_subjects(["letter/post/L-2"]), model=model, now=now()) == 0
    assert len(entries("L-2")) == count


def test_a_text_that_the_model_cannot_read_does_not_hold_up_others() -> None:
    receive("L-1", f"poison {BUY}")
    receive("L-2", OTHER)
    for attempt in range(queue.MAX_ATTEMPTS + 1):
        embed(BrokenEmbedder(), at=now() + attempt * timedelta(seconds=20))
    assert TextEmbedding.objects.count() == 1
    assert not TextJob.objects.exists()


def test_events_that_waited_too_long_are_left_as_they_were_decided() -> None:
    receive("L-1", BUY)
    label("L-1", "spam")
    receive("L-2", ALIKE)
    catch_up(TEXTS, now=now())
    embed(at=now() + queue.MAX_AGE + timedelta(minutes=1))
    assert similar("L-2") == {}
    assert KnownText.objects.count() == 1


def test_a_request_during_the_work_is_not_lost() -> None:
    receive("L-1", BUY)
    catch_up(TEXTS, now=now())
    claimed = queue.claim(limit=10, now=now())
    label("L-1", "spam")
    catch_up(TEXTS, now=now())
    queue.complete(claimed)
    [job] = TextJob.objects.all()
    assert job.relabeled


def test_each_policy_keeps_its_newest_texts(settings: Any) -> None:
    settings.TEXT_EMBEDDINGS_MAX_KNOWN = 2
    for number in range(4):
        receive(f"L-{number}", f"{BUY} {number}")
        label(f"L-{number}", "spam")
        embed()
    kept = {entries(f"L-{number}")[0].position for number in (2, 3)}
    assert set(KnownText.objects.values_list("position", flat=True)) == kept
    assert TextEmbedding.objects.filter(known=True).count() == 2


def test_embeddings_that_are_not_needed_are_deleted() -> None:
    receive("L-1", BUY)
    label("L-1", "spam")
    receive("L-2", OTHER)
    embed()
    assert delete_unneeded(now=now()) == 0
    assert delete_unneeded(now=now() + timedelta(days=31)) == 1
    assert TextEmbedding.objects.get().known


def test_what_is_known_is_rebuilt_from_the_log() -> None:
    receive("L-1", BUY)
    label("L-1", "spam")
    embed()
    before = list(KnownText.objects.values_list("position", "field", "scope", "digest", "known_at"))
    rebuild_consumer(TEXTS, now=now())
    embed()
    after = list(KnownText.objects.values_list("position", "field", "scope", "digest", "known_at"))
    assert before == after != []


def test_the_index_is_used_where_the_extension_is() -> None:
    model = embed()
    assert prepare_search(model)
    assert has_vector()
    assert is_indexed(model)
    receive("L-1", BUY)
    label("L-1", "scam")
    receive("L-2", PRIZE)
    label("L-2", "scam")
    receive("L-3", ALIKE)
    embed()
    assert similar("L-3")["body.similarity_scam"] == pytest.approx(5 / 7, abs=1e-4)
