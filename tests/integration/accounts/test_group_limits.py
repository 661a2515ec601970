"""Setting the limits of a group: on their page, and by the configuration file."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from config.people.limits.changing import change_limits, limits_of_group
from config.people.limits.errors import LimitsInvalid, LimitsUnchanged
from scoring.admin_kit.row_rules.limits import Limits
from scoring.admin_kit.row_rules.visible import limits_of
from scoring.configuration.applying import apply_text, compare_text, export_text
from scoring.configuration.errors import ConfigurationInvalid
from scoring.log.read import read_stream

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
BY: dict[str, Any] = {"reason": "a team of its own", "actor": "user/root", "now": NOW}
FRAUD = Limits.of(["payment"], {"payment": ["fraud"]})


@pytest.fixture
def group(db: None) -> Group:
    return Group.objects.create(name="payments team")


@pytest.fixture
def client(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


def page(group: Group) -> str:
    return reverse("admin:limits_of_group", args=[group.pk])


def test_the_form_sets_limits_and_the_log_keeps_them(group: Group, client: Client) -> None:
    sent = {"event_types": ["payment"], "labels_payment": ["fraud"], "reason": "a team of its own"}
    client.post(page(group), sent)
    assert limits_of_group(group) == FRAUD
    [entry] = read_stream(f"group_limits/{group.pk}")
    assert entry.type == "group_limits.changed"
    assert entry.data["labels"] == {"payment": ["fraud"]}
    assert entry.metadata["actor"] == "user/root"
    assert "sees payment; labels of payment: fraud, by user/root" in client.get(page(group)).content.decode()
    assert "sees payment" in client.get(reverse("admin:group_limits")).content.decode()


def test_the_form_shows_again_what_was_refused(group: Group, client: Client) -> None:
    sent = {"event_types": ["payment_appeal"], "reason": "appeals"}
    answer = client.post(page(group), sent)
    assert "is about events of the type" in answer.content.decode()
    assert limits_of_group(group).is_nothing


def test_the_same_limits_again_are_refused(group: Group) -> None:
    change_limits(group, FRAUD, **BY)
    with pytest.raises(LimitsUnchanged):
        change_limits(group, FRAUD, **BY)


@pytest.mark.parametrize(
    ("limits", "problem"),
    [
        (Limits.of(["pigeon"], {}), "event_types: 'pigeon' is not an event type"),
        (Limits.of([], {"refund": ["fraud"]}), "labels: 'refund' is not an event type with verdicts"),
        (Limits.of([], {"payment": ["spam"]}), "labels.payment: 'spam' is not a label of payment"),
        (Limits.of(["content"], {"payment": ["fraud"]}), "is not among the chosen event types"),
    ],
)
def test_unknown_types_and_labels_are_refused(group: Group, limits: Limits, problem: str) -> None:
    with pytest.raises(LimitsInvalid, match=problem):
        change_limits(group, limits, **BY)


def test_a_user_has_the_union_of_their_groups(group: Group) -> None:
    change_limits(group, FRAUD, **BY)
    user = User.objects.create_user("ana")
    user.groups.add(group)
    assert limits_of(User.objects.get(username="ana")) == FRAUD
    user.groups.add(Group.objects.create(name="everything"))
    assert limits_of(User.objects.get(username="ana")).is_nothing


def test_limited_administrators_change_neither_limits_nor_people(group: Group) -> None:
    user = User.objects.create_user("lea", is_staff=True)
    admins = Group.objects.get(name="admin")
    user.groups.add(admins)
    change_limits(admins, FRAUD, **BY)
    client = Client()
    client.force_login(user)
    assert client.get(page(admins)).status_code == 403
    assert client.post(page(admins), {"reason": "lift them"}).status_code == 403
    assert client.get(reverse("admin:auth_user_add")).status_code == 403
    assert client.post(reverse("admin:auth_group_change", args=[group.pk]), {"name": "x"}).status_code == 403
    assert limits_of_group(admins) == FRAUD


def test_administrators_with_limited_labels_do_not_lift_them(group: Group) -> None:
    user = User.objects.create_user("lea", is_staff=True)
    admins = Group.objects.get(name="admin")
    user.groups.add(admins)
    change_limits(admins, Limits.of([], {"payment": ["fraud"]}), **BY)
    client = Client()
    client.force_login(user)
    assert client.get(page(admins)).status_code == 200
    assert client.post(page(admins), {"reason": "lift them"}).status_code == 403
    assert client.post(reverse("admin:configuration"), {"action": "apply"}).status_code == 403
    own = reverse("admin:auth_user_change", args=[user.pk])
    assert client.post(own, {"groups": [group.pk]}).status_code == 403


def test_administrators_change_no_limits_of_a_group_with_more_permissions(group: Group) -> None:
    user = User.objects.create_user("lea", is_staff=True)
    small = Group.objects.create(name="small")
    small.permissions.set(Group.objects.get(name="admin").permissions.filter(codename__endswith="_group"))
    user.groups.add(small)
    client = Client()
    client.force_login(user)
    admins = Group.objects.get(name="admin")
    assert client.post(page(admins), {"event_types": ["payment"], "reason": "x"}).status_code == 403
    assert client.post(page(group), {"event_types": ["payment"], "reason": "x"}).status_code == 302


FILE = """
version: 1
group_limits:
  payments team:
    event_types: [payment]
    labels: {payment: [fraud]}
"""


def test_the_configuration_file_sets_exports_and_lifts_limits(group: Group) -> None:
    assert [change.path for change in compare_text(FILE, **BY).changes] == [("group_limits", "payments team")]
    apply_text(FILE, **BY)
    assert limits_of_group(group) == FRAUD
    assert apply_text(FILE, **BY).is_nothing
    assert "payments team" in export_text()
    apply_text("version: 1\ngroup_limits: {}\n", prune=True, **BY)
    assert limits_of_group(group).is_nothing
    assert "payments team" not in export_text()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("  nobody: {event_types: [payment]}", "there is no group 'nobody'"),
        ("  payments team: {event_types: [pigeon]}", "'pigeon' is not an event type"),
        ("  payments team: {labels: {payment: [1]}}", "has an entry that is not text"),
        ("  payments team: {colors: [red]}", "is not known here"),
    ],
)
def test_the_file_names_what_is_wrong(group: Group, text: str, problem: str) -> None:
    with pytest.raises(ConfigurationInvalid) as refused:
        compare_text(f"version: 1\ngroup_limits:\n{text}\n", **BY)
    assert problem in str(refused.value)
