"""Masks of personal values by kind of field."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.admin_kit.personal.masks import mask
from scoring.catalog.client_fields import IpAddress, UserAgent
from scoring.catalog.contact_fields import Email, Phone
from scoring.catalog.fields import Entity, Field, Text
from scoring.catalog.text_fields import Links


def named(name: str, field: Field) -> Field:
    field.name = name
    return field


@pytest.mark.parametrize(
    ("field", "value", "masked"),
    [
        (Email(), "jane.doe@example.com", "j…@example.com"),
        (Email(), "j@example.com", "j…@example.com"),
        (Email(), "not an address", "…"),
        (Phone(), "+436601234567", "…67"),
        (Phone(), "112", "…"),
        (IpAddress(), "203.0.113.7", "203.0.113.x"),
        (IpAddress(), "2001:db8:1:2::7", "2001:db8:1:x"),
        (IpAddress(), "::1", "0:0:0:x"),
        (named("name", Entity()), "Jane Mary Doe", "J. M. D."),
        (named("party_name", Text()), "Jane Doe", "J. D."),
        (named("username", Entity()), "jane_doe", "j…"),
        (named("card", Entity()), "4111111111111111", "…1111"),
        (Text(), "Call 4111 1111 1111 1111 now", "28 characters"),
        (Text(), "!", "1 character"),
        (Links(), "https://a.example/x\nhttps://b.example/y", "2 links"),
        (UserAgent(), "Mozilla/5.0", "M…"),
        (Entity(), "C-12345", "C…"),
        (Entity(), "C-1", "…"),
        (None, "what a field was", "w…"),
    ],
)
def test_a_mask_keeps_what_the_kind_of_field_allows(field: Field | None, value: str, masked: str) -> None:
    assert mask(field, value) == masked


@given(
    st.sampled_from([Email(), Phone(), IpAddress(), Text(), Links(), UserAgent(), Entity(), None]),
    st.one_of(st.text(min_size=1), st.emails(), st.ip_addresses().map(str), st.from_regex(r"\+?\d{3,19}")),
)
def test_a_mask_is_never_the_value(field: Field | None, value: str) -> None:
    assert mask(field, value) != value
    assert len(value) < 6 or value not in mask(field, value)
