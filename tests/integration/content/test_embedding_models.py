"""Models that change or are missing, databases without the extension, and labeled history."""

from collections.abc import Iterator
from io import StringIO
from typing import Any
from unittest import mock

import pytest
import redis
from django.core.management import CommandError, call_command

from config.status.health import check_texts
from scoring.content.embeddings import queue, tasks
from scoring.content.embeddings.checks import check_embedder, check_embeddings, to_embed_again
from scoring.content.embeddings.embedders.current import current_model
from scoring.content.embeddings.following import TEXTS
from scoring.content.embeddings.known import database
from scoring.content.embeddings.models import KnownText, TextEmbedding, TextJob, TextModel
from scoring.log.consumers.registry import catch_up
from scoring.signals import redis_connections as connections
from tests.factories import embedders
from tests.factories.catalog import catalog_with
from tests.factories.embedders import NAME, HashedWords, LargerHashedWords
from tests.integration.content.letters import ALIKE, BUY, OTHER, PRIZE, embed, label, now, receive, similar

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def letters(settings: Any, online_redis: redis.Redis) -> Iterator[None]:
    settings.TEXT_EMBEDDINGS = NAME
    settings.TEXT_SIMILARITY_MIN = 0.5
    connections.client.cache_clear()
    tasks._loaded.cache_clear()
    with catalog_with("tests.factories.letters"):
        yield
    tasks._loaded.cache_clear()


def run(*options: str) -> str:
    out = StringIO()
    call_command("embed_texts", *options, stdout=out)
    return out.getvalue()


def known_history() -> None:
    for number, text in enumerate((BUY, PRIZE, OTHER)):
        receive(f"L-{number}", text)
    label("L-0", "spam")
    label("L-1", "scam")
    label("L-2", value="acceptable")


def test_labeled_history_is_embedded_by_the_command() -> None:
    known_history()
    said = run()
    assert "2 texts embedded, of 2 labeled events." in said
    assert f"Model: {NAME} (words.1, 64 numbers)." in said
    assert "Known texts: 2, of which 2 are embedded." in said
    assert "Compared: by an index, approximately." in said
    receive("L-9", ALIKE)
    embed()
    assert similar("L-9")["body.similarity_spam"] > 0.7


def test_an_interrupted_run_continues_where_it_stopped() -> None:
    known_history()
    with (
        mock.patch("scoring.content.embeddings.history.BATCH", 1),
        mock.patch.object(
            HashedWords, "embed", side_effect=[HashedWords().embed([PRIZE]), KeyboardInterrupt]
        ),
        pytest.raises(KeyboardInterrupt),
    ):
        run()
    assert TextEmbedding.objects.count() == 1
    assert "1 texts embedded, of 2 labeled events." in run()
    assert "0 texts embedded, of 2 labeled events." in run()


def test_another_model_never_meets_the_embeddings_of_the_one_before() -> None:
    known_history()
    first = embed()
    with mock.patch.object(embedders, "HashedWords", LargerHashedWords):
        second = embed(LargerHashedWords())
        assert current_model() == second != first
        receive("L-9", ALIKE)
        embed(LargerHashedWords())
        assert similar("L-9") == {}
        told = f"Known texts were embedded by {first}; the current one is {second}."
        assert to_embed_again().startswith(told)
        assert "Run manage.py embed_texts" in check_texts()
        assert [each.id for each in check_embeddings(databases=["default"])] == ["scoring.W012"]

        assert "embeddings of other models deleted." in run()
        assert to_embed_again() == ""
        assert check_texts() == "ok"
        assert TextModel.objects.get() == second
        receive("L-10", ALIKE)
        embed(LargerHashedWords())
        assert similar("L-10")["body.similarity_spam"] > 0.7


def test_without_the_extension_texts_are_compared_one_by_one() -> None:
    with (
        mock.patch.object(database, "has_vector", return_value=False),
        mock.patch.object(database, "is_offered", return_value=False),
        mock.patch.object(database, "create_vector", return_value=False),
    ):
        known_history()
        said = run()
        assert "Compared: one by one, exactly. PostgreSQL lacks the extension vector" in said
        receive("L-9", ALIKE)
        embed()
        assert similar("L-9")["body.similarity_spam"] == pytest.approx(5 / 7, abs=1e-4)
        [found] = check_embeddings(databases=["default"])
        assert found.id == "scoring.W011"
        assert "Install pgvector on the database server" in found.msg


def test_a_user_who_may_not_create_the_extension_is_told_what_to_do() -> None:
    with (
        mock.patch.object(database, "has_vector", return_value=False),
        mock.patch.object(database, "create_vector", return_value=False),
    ):
        assert "have a superuser run CREATE EXTENSION vector" in run()


def test_what_is_wrong_with_the_setting_is_found_at_the_start(settings: Any) -> None:
    settings.TEXT_EMBEDDINGS = "no_such_package:Embedder"
    [found] = check_embedder()
    assert (found.id, found.msg) == (
        "scoring.E010",
        "ASSAY_TEXT_EMBEDDINGS names 'no_such_package:Embedder', but there is no such module.",
    )
    with pytest.raises(CommandError, match="there is no such module"):
        run()
    settings.TEXT_EMBEDDINGS = ""
    assert check_embedder() == check_embeddings(databases=["default"]) == []
    assert check_texts() == "ok"
    assert "No embedding model is set" in run("--status")
    with pytest.raises(CommandError, match="no embedding model is set"):
        run()


def test_the_task_works_until_nothing_is_due_and_the_sweep_sends_lost_messages() -> None:
    known_history()
    catch_up(TEXTS, now=now())
    with mock.patch.object(queue, "send_message") as sent:
        assert tasks.sweep_texts()
        assert sent.call_count == 1
        assert tasks.embed_queued_texts() == 3
        assert not tasks.sweep_texts()
        assert sent.call_count == 1
    assert not TextJob.objects.exists()
    assert KnownText.objects.count() == 2


def test_the_task_says_why_it_cannot_work(settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    settings.TEXT_EMBEDDINGS = "no_such_package:Embedder"
    assert tasks.embed_queued_texts() == 0
    assert "there is no such module" in caplog.text
