"""Exports: formula-safe CSV, Parquet with types, recorded, by permission."""

import csv
import io

import pyarrow.parquet as pq
import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from scoring.log.read import read_stream
from tests.integration.investigation.conftest import Pay

pytestmark = pytest.mark.django_db(transaction=True)
COLUMNS = "merchant,amount,rules"


@pytest.fixture
def client(pay: Pay) -> Client:
    """A user who may export, and two payments."""
    now = timezone.now()
    pay("t-1", at=now, merchant="=HYPERLINK(1)", minor=90_000, label="fraud")
    pay("t-2", at=now, merchant="m-2", minor=500)
    user = User.objects.create_user("lea", is_staff=True)
    for codename in ("investigate", "export_investigation"):
        user.user_permissions.add(Permission.objects.get(codename=codename))
    client = Client()
    client.force_login(user)
    return client


def exported(client: Client, **given: str) -> bytes:
    answer = client.get(reverse("admin:investigate_export"), {"type": "payment", "columns": COLUMNS, **given})
    assert answer.status_code == 200, answer
    return answer.content


def test_csv_has_the_columns_and_no_formulas(client: Client) -> None:
    rows = list(csv.DictReader(io.StringIO(exported(client, q="amount > 100").decode())))
    [row] = rows
    assert row["merchant"] == "'=HYPERLINK(1)"
    assert (row["amount"], row["label"], row["outcome"], row["rules"]) == ("900.0", "fraud", "allow", "")
    assert row["received_at"].endswith("Z")
    [entry] = read_stream("investigation/lea")
    assert (entry.type, entry.data["format"]) == ("investigation.exported", "csv")


def test_parquet_has_typed_columns(client: Client) -> None:
    table = pq.read_table(io.BytesIO(exported(client, format="parquet")))
    assert table.num_rows == 2
    assert str(table.schema.field("amount").type) == "double"
    assert sorted(table["merchant"].to_pylist()) == ["=HYPERLINK(1)", "m-2"]
    empty = pq.read_table(io.BytesIO(exported(client, format="parquet", q="amount > 1e6")))
    assert empty.num_rows == 0


def test_what_cannot_be_exported_is_said(client: Client) -> None:
    address = reverse("admin:investigate_export")
    assert client.get(address, {"format": "xlsx"}).status_code == 400
    refused = client.get(address, {"type": "payment", "q": "amount >"}, follow=True)
    assert "Not exported" in refused.content.decode()
    assert not read_stream("investigation/lea")[1:]
