"""The web server takes the bodies that pages and the API need, and no larger ones."""

import pytest
from django.conf import settings
from django.urls import reverse

from config.web import IMPORT_MAX_BODY_BYTES, PAGE_MAX_BODY_BYTES, body_limit
from scoring.rules.lists.pages.importing import MAX_BYTES


def test_a_file_of_a_list_fits_with_the_rest_of_its_form() -> None:
    address = reverse("admin:list_import", args=["stolen_cards_2"])
    assert MAX_BYTES < body_limit(address) == IMPORT_MAX_BODY_BYTES


@pytest.mark.parametrize(
    "path", ["/admin/lists/", "/admin/lists/new/", "/admin/lists/a/import/x/", "/x/admin/lists/a/import/"]
)
def test_other_pages_take_less(path: str) -> None:
    assert body_limit(path) == PAGE_MAX_BODY_BYTES


def test_the_api_has_its_own_limit() -> None:
    assert body_limit("/api/v1/events") == settings.API_MAX_BODY_BYTES
