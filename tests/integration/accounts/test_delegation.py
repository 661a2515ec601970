"""Users who manage users, but are not superusers, cannot grant permissions beyond their own."""

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import reverse

pytestmark = pytest.mark.django_db
PASSWORD = "a passphrase of some length"


@pytest.fixture
def delegate() -> User:
    user = User.objects.create_user("delegate", password=PASSWORD, is_staff=True)
    user.groups.add(Group.objects.get(name="admin"))
    return user


@pytest.fixture
def client(delegate: User) -> Client:
    client = Client()
    client.force_login(delegate)
    return client


@pytest.fixture
def superuser() -> User:
    return User.objects.create_superuser("root", password=PASSWORD)


def account(user: User, **changes: object) -> dict[str, object]:
    """The data of the user form."""
    sent = {
        "username": user.username,
        "is_active": "on",
        "is_staff": "on",
        "groups": [group.pk for group in user.groups.all()],
        "last_login_0": "",
        "last_login_1": "",
        "date_joined_0": "2026-01-01",
        "date_joined_1": "00:00:00",
    }
    return {name: value for name, value in {**sent, **changes}.items() if value is not None}


def change(client: Client, user: User, **changes: object) -> int:
    address = reverse("admin:auth_user_change", args=[user.pk])
    return client.post(address, account(user, **changes)).status_code


def new_user(password: str) -> dict[str, str]:
    """The form of a new user."""
    return {"username": "delegate2", "usable_password": "true", "password1": password, "password2": password}


def test_delegates_cannot_make_themselves_superusers(client: Client, delegate: User) -> None:
    change(client, delegate, is_superuser="on")
    delegate.refresh_from_db()
    assert not delegate.is_superuser


def test_only_superusers_grant_single_permissions(client: Client, delegate: User) -> None:
    change(
        client,
        delegate,
        user_permissions=[
            Permission.objects.get(codename="delete_logentry", content_type__app_label="scoring").pk
        ],
    )
    assert not delegate.user_permissions.exists()


@pytest.mark.parametrize("page", ["auth_user_change", "auth_user_password_change", "auth_user_delete"])
def test_delegates_cannot_change_a_superuser(client: Client, superuser: User, page: str) -> None:
    sent = {"password1": "another passphrase!", "password2": "another passphrase!", "post": "yes"}
    client.post(reverse(f"admin:{page}", args=[superuser.pk]), sent)
    again = User.objects.get(pk=superuser.pk)
    assert (again.password, again.is_superuser, again.is_active) == (superuser.password, True, True)


def test_delegates_cannot_change_an_inactive_superuser(client: Client, superuser: User) -> None:
    User.objects.filter(pk=superuser.pk).update(is_active=False)
    assert change(client, superuser) == 403
    assert not User.objects.get(pk=superuser.pk).is_active


def test_delegates_cannot_delete_a_superuser_from_the_list(client: Client, superuser: User) -> None:
    sent = {"action": "delete_selected", "_selected_action": [superuser.pk], "post": "yes"}
    client.post(reverse("admin:auth_user_changelist"), sent)
    assert User.objects.filter(pk=superuser.pk).exists()


def test_delegates_neither_grant_nor_change_a_group_with_more_permissions(
    client: Client, delegate: User
) -> None:
    more = Group.objects.create(name="owners")
    more.permissions.add(Permission.objects.get(codename="delete_group"))
    own = Group.objects.get(name="admin")
    change(client, delegate, groups=[own.pk, more.pk])
    assert list(delegate.groups.all()) == [own]
    assert (
        client.post(reverse("admin:auth_group_change", args=[more.pk]), {"name": "mine"}).status_code == 403
    )


def test_a_group_gets_only_permissions_of_its_editor(client: Client) -> None:
    sent = {"name": "new", "permissions": [Permission.objects.get(codename="delete_group").pk]}
    client.post(reverse("admin:auth_group_add"), sent)
    assert not Group.objects.filter(name="new").exists()


def test_delegates_grant_permissions_that_they_hold(client: Client) -> None:
    analyst = User.objects.create_user("ana", password=PASSWORD, is_staff=True)
    lead = Group.objects.get(name="lead")
    assert change(client, analyst, groups=[lead.pk]) == 302
    assert list(analyst.groups.all()) == [lead]


def test_superusers_may_do_all_of_this(superuser: User, delegate: User) -> None:
    client = Client()
    client.force_login(superuser)
    assert change(client, delegate, is_superuser="on") == 302
    delegate.refresh_from_db()
    assert delegate.is_superuser


def test_a_new_user_is_added_with_a_name_and_a_password(client: Client) -> None:
    page = client.get(reverse("admin:auth_user_add")).content.decode()
    assert 'name="username"' in page
    assert client.post(reverse("admin:auth_user_add"), new_user("a long enough secret")).status_code == 302
    assert User.objects.get(username="delegate2").check_password("a long enough secret")


@pytest.mark.parametrize("password", ["1", "password1234", "123456789012", "delegate2026"])
def test_a_weak_password_is_refused(client: Client, password: str) -> None:
    client.post(reverse("admin:auth_user_add"), new_user(password))
    assert not User.objects.filter(username="delegate2").exists()
