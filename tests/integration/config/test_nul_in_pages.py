"""A NUL in a page's URL, filters or cookies never reaches the database."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    signed_in = Client(raise_request_exception=False)
    signed_in.force_login(User.objects.create_superuser("admin"))
    return signed_in


def test_no_admin_list_fails_on_a_nul(client: Client) -> None:
    filters = ("q", "type", "source", "model", "value", "state", "state__exact", "e")
    reverse("admin:index")  # imports the URLs, which register the lists
    for model in admin.site._registry:
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        for name in filters:
            response = client.get(f"{address}?{name}=%00")
            assert response.status_code == 404, (address, name)


def test_a_cookie_with_a_nul_signs_no_user_in() -> None:
    response = Client(raise_request_exception=False).get(
        "/admin/", headers={"Cookie": 'sessionid="\\000abcdefgh"'}
    )
    assert response.status_code == 302
