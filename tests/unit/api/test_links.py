import pytest
from django.urls import reverse, set_script_prefix
from hypothesis import given
from hypothesis import strategies as st

from scoring.api.links import event_link


@given(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1))
def test_a_link_equals_djangos_reverse(event_id: str) -> None:
    assert event_link("payment", event_id) == reverse("api:event", args=["payment", event_id])


def test_a_link_keeps_the_prefix_that_the_server_adds(request: pytest.FixtureRequest) -> None:
    request.addfinalizer(lambda: set_script_prefix("/"))
    set_script_prefix("/assay/")
    assert event_link("payment", "T-1") == "/assay/api/v1/events/payment/T-1"
