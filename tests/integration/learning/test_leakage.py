"""A feature that knows the label stops a training, until a person accepts it."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from scoring.catalog.registry import event_type
from scoring.intake.labels import LabelStatement, record_labels
from scoring.intake.models import Event
from scoring.jobs.queue import JobQueue
from scoring.learning.cards.card import limits_of
from scoring.learning.jobs.running import run_job
from scoring.learning.models import TrainingJob
from scoring.log.read import read_positions
from scoring.registry.models import ModelVersion
from tests.factories.history import load_history

pytestmark = pytest.mark.django_db(transaction=True)

END = datetime(2026, 3, 1, tzinfo=UTC)
NOW = END + timedelta(days=30)
OPTIONS = ("--as-of", "2026-03-01", "--matures-after", "14", "--trees", "5", "--depth", "3")


@pytest.fixture
def known_by_amount(online_redis, settings, tmp_path, monkeypatch):
    """Forty days of payments. Someone labeled all, the larger half fraud, so the amount knows the label."""
    settings.VAR_DIR = tmp_path / "var"
    monkeypatch.setattr(JobQueue, "send_message", lambda queue, number: None)
    load_history(end=END, now=NOW)
    events = list(Event.objects.filter(type="payment", occurred_at__lt=END - timedelta(days=14)))
    receipts = read_positions([event.position for event in events])
    amounts = [event_type("payment").stake(receipt.data["fields"]) for receipt in receipts]
    middle = sorted(amounts)[len(amounts) // 2]
    record_labels(
        [
            LabelStatement(
                "payment", event.external_id, "fraud" if amount > middle else "legitimate", "review"
            )
            for event, amount in zip(events, amounts, strict=True)
        ],
        source=events[0].source,
        now=END - timedelta(days=1),
    )


def test_a_feature_that_knows_the_label_stops_a_training_until_it_is_accepted(known_by_amount):
    with pytest.raises(CommandError, match=r"too good to be true: amount .*--accept-leakage amount"):
        call_command("train", *OPTIONS, stdout=StringIO())
    assert not ModelVersion.objects.exists()
    with pytest.raises(CommandError, match="'amuont' is not a feature of the type; did you mean amount"):
        call_command("train", *OPTIONS, "--accept-leakage", "amuont", stdout=StringIO())
    out = StringIO()
    call_command("train", *OPTIONS, "--accept-leakage", "amount", stdout=out)
    assert "accepted although too good to be true: amount" in out.getvalue()
    accepted, left_out = ModelVersion.objects.get(), StringIO()
    assert [each["name"] for each in accepted.lineage["leakage"]["accepted"]] == ["amount"]
    assert any("seem to know the label: amount" in limit for limit in limits_of(accepted))
    call_command("train", *OPTIONS, "--leave-out", "amount", stdout=left_out)
    assert "too good to be true" not in left_out.getvalue()


def test_a_failed_training_is_started_again_from_its_page_with_the_feature_accepted(known_by_amount):
    user = User.objects.create_superuser("dana")
    client = Client()
    client.force_login(user)
    start, given = reverse("admin:training_start"), {"event_type": "payment", "trees": "5", "depth": "3"}
    given |= {"as_of": "2026-03-01T00:00", "matures_after_days": "14"}
    client.post(start, given)
    assert run_job(1, clock=lambda: NOW)
    failed = client.get(reverse("admin:training", args=[1])).content.decode()
    assert "each of these features alone is too good to be true: amount" in failed
    assert f'href="{start}?again=1"' in failed
    form = client.get(f"{start}?again=1").context["form"]
    assert (form["trees"].value(), form["depth"].value(), form["event_type"].value()) == (5, 3, "payment")
    assert "Training 1 failed:" in client.get(f"{start}?again=1").content.decode()
    refused = client.post(start, given | {"accept_leakage": "amount, amuont"}).content.decode()
    assert "did you mean amount" in refused
    client.post(start, given | {"accept_leakage": "amount"})
    assert run_job(2, clock=lambda: NOW)
    job = TrainingJob.objects.get(number=2)
    assert job.state == "finished", job.error
    assert "<dd>amount</dd>" in client.get(reverse("admin:training", args=[2])).content.decode()
    page = client.get(reverse("admin:model", args=[job.model])).content.decode()
    assert "accepted although too good to be true: amount" in page
