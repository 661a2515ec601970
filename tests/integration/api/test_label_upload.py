"""Uploads of label files in the admin: recorded, held, returned."""

import base64
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from scoring.ingest.labels import upload as label_upload
from scoring.ingest.labels.columns import LabelColumns
from scoring.ingest.labels.lines import LabelDefaults
from scoring.ingest.labels.table import read_table
from scoring.ingest.labels.upload import upload_labels
from scoring.ingest.rows.label_rows import LabelRow
from scoring.ingest.rows.writing import record_live_labels
from scoring.intake.labels import LabelStatement, record_labels
from scoring.intake.models import Label
from scoring.intake.senders import known_senders
from scoring.log.errors import StreamConflict
from scoring.log.models import LogEntry
from scoring.log.read import read_stream
from tests.factories.payments import payment_payload
from tests.integration.api.conftest import Api, MakeKey

pytestmark = pytest.mark.django_db
ADDRESS = "/admin/labels/upload/"
NOW = datetime.now(UTC)


@pytest.fixture
def analyst() -> Client:
    return person("upload_label")


def person(*permissions: str) -> Client:
    user = User.objects.create_user("ana", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def sent(api: Api) -> str:
    """Three payments, T-0 to T-2; gives their source."""
    api.post("events", [payment_payload(number) for number in range(3)], prefer="wait=0.01")
    return known_senders()[0]


def send(client: Client, sender: str, text: str, **chosen: object):
    """One step of the page: without `action` the file is read but not recorded."""
    form = {"source": sender, "label_source": "chargeback", "event_type": "payment"} | chosen
    return client.post(ADDRESS, form | {"file": SimpleUploadedFile("february.csv", text.encode())})


def upload(client: Client, sender: str, text: str, **chosen: object):
    """Record a file with Assay's own columns; without a label column every line is fraud."""
    header = text.splitlines()[0].split(",")
    columns = {"event_id": "event_id", "meaning": "column:label" if "label" in header else "always:fraud"}
    columns["known_at"] = "reported_at" if "reported_at" in header else ""
    return send(client, sender, text, **{"action": "record"} | columns | chosen)


def figures(page: str) -> dict[str, str]:
    found = re.findall(r'stat__label">(\w+)<.*?stat__value">([\d,]+)<', page, re.DOTALL)
    return dict(found)


def test_good_lines_are_recorded_and_bad_ones_returned(analyst: Client, sent: str) -> None:
    record_labels([LabelStatement("payment", "T-1", "fraud", "chargeback")], source=sent, now=NOW)
    lines = ["T-0,fraud,2026-03-02T10:00:00Z", "T-1,fraud,", "T-2,stolen,", "T-99,fraud,", "T-2,retract,"]
    page = upload(analyst, sent, "\n".join(["event_id,label,reported_at", *lines])).content.decode()
    assert figures(page) == {"Recorded": "1", "Held": "1", "Unchanged": "1", "Rejected": "2"}
    assert "is &#x27;stolen&#x27;, which is not a label" in page
    assert "chargeback has recorded no label of" in page

    [entry] = read_stream(f"label/payment/{sent}/T-0")
    assert (entry.data["value"], entry.data["source"]) == ("fraud", "chargeback")
    assert entry.data["reported_at"] == "2026-03-02T10:00:00Z"
    assert entry.metadata["actor"] == "user/ana"


def test_the_form_offers_senders_of_events_and_senders_that_only_have_a_key(
    analyst: Client, sent: str, make_key: MakeKey
) -> None:
    make_key("events:write", source="new-shop")
    form = analyst.get(ADDRESS).context["form"]
    assert [name for name, _ in form.fields["source"].choices] == ["new-shop", sent]


def test_the_rejected_lines_can_be_corrected_and_uploaded(analyst: Client, sent: str) -> None:
    page = upload(analyst, sent, "event_id,label\nT-0,fraud\nT-1,stolen\n").content.decode()
    [encoded] = re.findall(r'href="data:text/csv;charset=utf-8;base64,([^"]+)"', page)
    rejects = base64.b64decode(encoded).decode()
    assert rejects.splitlines() == [
        "reject_line,reject_reason,event_id,label",
        "3,\"label is 'stolen', which is not a label\",T-1,stolen",
    ]
    page = upload(analyst, sent, rejects.replace("T-1,stolen", "T-1,legitimate")).content.decode()
    assert figures(page)["Recorded"] == "1"
    assert Label.objects.get(event_stream=f"payment/{sent}/T-1").value == "legitimate"


def test_a_file_can_retract_a_sources_labels(analyst: Client, sent: str) -> None:
    upload(analyst, sent, "event_id\nT-0\n")
    upload(analyst, sent, "event_id,label\nT-0,retract\n")
    assert [entry.type for entry in read_stream(f"label/payment/{sent}/T-0")] == [
        "label.recorded",
        "label.retracted",
    ]


def test_a_file_uploaded_twice_changes_nothing(analyst: Client, sent: str) -> None:
    upload(analyst, sent, "event_id\nT-0\nT-1\n")
    entries = LogEntry.objects.count()
    assert figures(upload(analyst, sent, "event_id\nT-0\nT-1\n").content.decode())["Unchanged"] == "2"
    assert LogEntry.objects.count() == entries


@pytest.mark.parametrize(
    ("text", "chosen", "said"),
    [
        ("event_id,event_id\nT-0,fraud\n", {}, "its header repeats event_id"),
        ("a" + ",a" * 900_000, {}, "at most 200 columns are read"),
        ("event_id\nT-0\n", {"source": "nobody"}, "nobody is not one of the available choices"),
        ("event_id\nT-0\n", {"label_source": "rumour"}, "rumour is not one of the available choices"),
        ("event_id\nT-0\n", {"event_type": "refund"}, "refund is not one of the available choices"),
    ],
)
def test_an_invalid_upload_is_explained_and_nothing_recorded(
    analyst: Client, sent: str, text: str, chosen: dict[str, object], said: str
) -> None:
    assert said in upload(analyst, sent, text, **chosen).content.decode()
    assert not Label.objects.exists()


def test_a_file_that_is_too_large_is_refused(
    analyst: Client, sent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scoring.ingest.labels.pages.MAX_BYTES", 10)
    assert "at most 10\xa0bytes are allowed" in upload(analyst, sent, "event_id\nT-0\n").content.decode()
    assert not Label.objects.exists()


def test_the_page_needs_the_upload_permission(sent: str) -> None:
    client = Client()
    client.force_login(User.objects.create_user("eve", is_staff=True))
    assert client.get(ADDRESS).status_code == 403
    assert upload(client, sent, "event_id\nT-0\n").status_code == 403
    assert not Label.objects.exists()


def test_without_events_the_page_explains_how_to_get_some(analyst: Client) -> None:
    assert "no events to label yet" in analyst.get(ADDRESS).content.decode()


def test_lines_that_lose_a_race_are_rejected(sent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded = label_upload.record_labels

    def busy_once(statements, **how):
        if statements[0].event_id == "T-1":
            raise StreamConflict("label/x", 1)
        return recorded(statements, **how)

    monkeypatch.setattr(label_upload, "record_labels", busy_once)
    monkeypatch.setattr(label_upload, "LINES_PER_TRANSACTION", 1)
    result = upload_labels(
        read_table(b"event_id\nT-0\nT-1\nT-2\n"),
        columns=LabelColumns("event_id", always="fraud"),
        source=sent,
        defaults=LabelDefaults("payment", "chargeback"),
        actor="user/ana",
        now=NOW,
    )
    assert (result.recorded, [line.number for line in result.rejected]) == (2, [3])


def test_the_label_list_finds_events_whose_sources_disagree(sent: str) -> None:
    def say(number: int, value: str | None, source: str, after: int) -> None:
        statement = LabelStatement("payment", f"T-{number}", value, source)
        record_labels([statement], source=sent, now=NOW + timedelta(seconds=after))

    say(0, "fraud", "chargeback", 0)
    say(0, "legitimate", "customer", 1)
    say(1, "fraud", "chargeback", 2)
    say(1, "legitimate", "review", 3)
    say(1, "fraud", "review", 4)  # they agree again
    say(2, "fraud", "chargeback", 5)
    client = Client()
    client.force_login(User.objects.create_superuser("admin"))
    page = client.get("/admin/scoring/label/?in_conflict=yes").content.decode()
    assert f"payment/{sent}/T-0" in page
    assert f"payment/{sent}/T-1" not in page
    assert "disagree" in page
    assert "review, then chargeback, then network, then customer" in page


DISPUTES = """transaction_id\tdispute_date\tamount\treason_code\tstatus\t
T-0\t2026-03-02\t12.00\t10.4\tlost\t
T-1\t2026-03-02\t13.00\t13.1\tlost\t
T-2\t2026-03-02\t14.00\tZ9/x\tlost\t
"""
AS_SUGGESTED = {
    "action": "record",
    "event_id": "transaction_id",
    "known_at": "dispute_date",
    "meaning": "column:reason_code",
    "status": "status",
}


def test_a_file_is_previewed_and_nothing_recorded_before_confirmation(analyst: Client, sent: str) -> None:
    page = send(analyst, sent, DISPUTES).content.decode()
    assert "<option selected>transaction_id</option>" in page
    assert '<option value="column:reason_code" selected>' in page
    assert "Unused columns: amount." in page
    assert "Of the first 3 ids 3 are events of this sender" in page
    assert "cells separated by tabs" in page
    assert not Label.objects.exists()


def test_a_dispute_report_is_recorded_with_the_chosen_meanings(analyst: Client, sent: str) -> None:
    chosen = AS_SUGGESTED | {"value": ["Z9/x", "13.1"], "means": ["legitimate", "leave"]}
    page = send(analyst, sent, DISPUTES, **chosen).content.decode()
    assert figures(page)["Recorded"] == "2"
    assert figures(page)["Skipped"] == "1"
    assert "Unused column: amount." in page
    said = Label.objects.order_by("event_stream").values_list("event_stream", "value")
    assert list(said) == [(f"payment/{sent}/T-0", "fraud"), (f"payment/{sent}/T-2", "legitimate")]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "Choose a meaning for each value."),
        ({"meaning": ""}, "Choose the meaning of each line"),
        ({"meaning": "always:spam"}, "Choose the meaning of each line"),
        ({"meaning": "always:fraud", "event_id": "id"}, "Choose the column with the sender"),
        ({"meaning": "always:fraud", "zone": "Mars/Olympus"}, "is not a time zone"),
        ({"value": ["Z9/x"], "means": ["nonsense"]}, "Choose a meaning for each value."),
    ],
)
def test_missing_choices_are_requested_and_nothing_recorded(
    analyst: Client, sent: str, changes: dict[str, object], said: str
) -> None:
    page = send(analyst, sent, DISPUTES, **AS_SUGGESTED | changes).content.decode()
    assert said in page
    assert "Nothing was recorded:" in page
    assert not Label.objects.exists()


def test_ambiguous_dates_are_asked_about(analyst: Client, sent: str) -> None:
    text = "event_id,reported_at\nT-0,03/04/2026\n"
    assert "Choose which number comes first" in upload(analyst, sent, text).content.decode()
    upload(analyst, sent, text, order="day")
    [entry] = read_stream(f"label/payment/{sent}/T-0")
    assert entry.data["reported_at"].startswith("2026-04-03")


def test_the_column_that_holds_event_ids_is_suggested(analyst: Client, sent: str) -> None:
    page = send(analyst, sent, "psp_reference,merchant_reference\nT-0,881\nT-1,882\n").content.decode()
    assert "<option selected>psp_reference</option>" in page


def test_a_column_of_free_text_is_not_mapped_value_by_value(analyst: Client, sent: str) -> None:
    lines = "\n".join(f"T-{number},reason {number}" for number in range(300))
    page = send(analyst, sent, f"event_id,reason\n{lines}\n").content.decode()
    assert "more than 200 distinct values" in page
    assert "reason 17" not in page


def test_uploading_verdicts_needs_its_permission(sent: str) -> None:
    text = "event_id\nT-0\n"
    refused = upload(person("upload_label"), sent, text, label_source="review").content.decode()
    assert "review is not one of the available choices" in refused
    User.objects.all().delete()
    upload(person("upload_label", "upload_review"), sent, text, label_source="review")
    assert Label.objects.get().source == "review"


def test_past_labels_need_their_permission(sent: str) -> None:
    text = "event_id,label,reported_at\nT-0,fraud,2026-03-02T10:00:00Z\nT-99,fraud,2026-03-02T10:00:00Z\n"
    assert upload(person("upload_label"), sent, text, history="1").status_code == 403
    assert not Label.objects.exists()
    User.objects.all().delete()
    page = upload(person("upload_label", "upload_label_history"), sent, text, history="1").content.decode()
    assert figures(page)["Recorded"] == "1"
    assert "has not arrived, so its labels cannot apply from a past time" in page
    [entry] = read_stream(f"label/payment/{sent}/T-0")
    assert (entry.data["known_at"], entry.data["history"]) == ("2026-03-02T10:00:00Z", True)


def test_a_past_label_may_not_precede_a_later_statement(sent: str) -> None:
    record_labels([LabelStatement("payment", "T-0", "fraud", "chargeback")], source=sent, now=NOW)
    text = "event_id,label,reported_at\nT-0,legitimate,2026-03-02T10:00:00Z\n"
    page = upload(person("upload_label", "upload_label_history"), sent, text, history="1").content.decode()
    assert "is before the latest label of the event" in page
    assert len(read_stream(f"label/payment/{sent}/T-0")) == 1


def test_a_label_import_refuses_what_the_api_refuses(sent: str) -> None:
    rows = [LabelRow(0, "T-0", "fraud", datetime(2020, 1, 1, tzinfo=UTC)), LabelRow(1, "T-1", "fraud", None)]
    done = record_live_labels(
        rows, event_type="payment", source=sent, label_source="Chargeback", now=datetime.now(UTC)
    )
    assert (done.recorded, done.unchanged) == (1, 0)
    assert "is before the event" in done.refused[0]
    assert Label.objects.get().source == "chargeback"
