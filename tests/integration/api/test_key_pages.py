"""API keys in the admin: created, shown once, viewed, revoked."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from scoring.api.keys import issue as keys
from scoring.api.models import ApiKey
from scoring.log.models import LogEntry
from scoring.log.read import read_stream

pytestmark = pytest.mark.django_db
NEW = "/admin/api-keys/new/"
WANTED = {"name": "Shop", "source": "shop", "scopes": ["events:write"], "lifetime": "30"}


def person(*permissions: str) -> Client:
    user = User.objects.create_user("kim", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def key_manager() -> Client:
    """A user who may create, view and revoke keys."""
    return person("add_apikey", "change_apikey", "view_apikey")


def make(client: Client, **changes: object) -> str:
    """The key that the page shows."""
    page = client.post(NEW, WANTED | changes).content.decode()
    return re.findall(r'id="key" type="text" readonly value="(assay_[\w-]+)"', page)[0]


def test_a_key_is_created_and_shown_once(key_manager: Client) -> None:
    response = key_manager.post(NEW, WANTED)
    assert "no-store" in response["Cache-Control"]
    key = re.findall(r'value="(assay_[\w-]+)"', response.content.decode())[0]
    sender = keys.find_sender(key)
    assert sender is not None
    assert (sender.source, sender.scopes) == ("shop", {"events:write"})
    page = key_manager.get(f"/admin/api-keys/{key[:12]}/").content.decode()
    assert key[:12] in page
    assert "API key Shop" in page
    assert key not in page + key_manager.get("/admin/scoring/apikey/").content.decode()
    [created] = read_stream(f"api_key/{key[:12]}")
    assert created.metadata["actor"] == "user/kim"
    assert key not in str(list(LogEntry.objects.values_list("data", flat=True)))


def test_a_key_is_restricted_as_the_form_says(key_manager: Client) -> None:
    key = make(
        key_manager,
        scopes=["labels:write", "labels:read"],
        label_sources=["customer"],
        other_label_sources="Acme, bank ",
        event_types=["payment"],
        networks="192.0.2.0/24\n10.0.0.1, 10.0.0.2",
        lifetime="30",
    )
    row = ApiKey.objects.get()
    assert row.prefix == key[:12]
    assert row.label_sources == ["customer", "acme", "bank"]
    assert row.event_types == ["payment"]
    assert row.networks == ["10.0.0.1/32", "10.0.0.2/32", "192.0.2.0/24"]
    assert row.expires_at is not None
    assert row.expires_at - row.created_at == pytest.approx(timedelta(days=30), abs=timedelta(minutes=1))


def test_a_key_may_last_until_it_is_revoked(key_manager: Client) -> None:
    make(key_manager, lifetime="")
    assert ApiKey.objects.get().expires_at is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"source": "My Shop"}, "1 to 60 of a-z"),
        ({"scopes": []}, "This field is required"),
        ({"scopes": ["labels:write"], "other_label_sources": "review"}, "review is reserved for verdicts"),
        ({"networks": "shop.example"}, "CIDR notation"),
        ({"lifetime": "99999"}, "not one of the available choices"),
        ({"event_types": ["parcel"]}, "not one of the available choices"),
    ],
)
def test_errors_are_shown_at_their_fields_and_no_key_is_created(
    key_manager: Client, changes: dict[str, object], said: str
) -> None:
    page = key_manager.post(NEW, WANTED | changes).content.decode()
    assert said in page
    assert "assay_" not in page
    assert not ApiKey.objects.exists()


def test_a_key_is_revoked_after_confirmation(key_manager: Client) -> None:
    key = make(key_manager)
    address = f"/admin/api-keys/{key[:12]}/"
    assert "The key was not revoked" in key_manager.post(address, follow=True).content.decode()
    assert keys.find_sender(key) is not None
    page = key_manager.post(address, {"sure": "1"}, follow=True).content.decode()
    assert "was revoked" in page
    assert ">Revoke key<" not in page
    assert keys.find_sender(key) is None
    assert [entry.metadata["actor"] for entry in read_stream(f"api_key/{key[:12]}")] == ["user/kim"] * 2
    assert "Nothing changed" in key_manager.post(address, {"sure": "1"}, follow=True).content.decode()


def test_without_the_permission_a_key_can_only_be_viewed(db: None) -> None:
    row, _ = keys.create_key(
        name="Shop", source="shop", scopes=["events:write"], now=datetime.now(UTC), actor="test"
    )
    auditor = person("view_apikey")
    page = auditor.get(f"/admin/scoring/apikey/{row.digest}/change/", follow=True).content.decode()
    assert "Shop" in page
    assert ">Revoke key<" not in page
    assert auditor.post(f"/admin/api-keys/{row.prefix}/", {"sure": "1"}).status_code == 403
    assert auditor.post(NEW, WANTED).status_code == 403
    assert NEW not in auditor.get("/admin/scoring/apikey/").content.decode()
    assert ApiKey.objects.get().revoked_at is None
