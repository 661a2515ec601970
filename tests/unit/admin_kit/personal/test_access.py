"""What users see of personal values: by permission, and by what they ask for."""

from typing import Any

import pytest

from scoring.admin_kit.personal.access import ALL, REVEAL, SEE, Asked, PersonalAccess, access_of
from scoring.catalog.contact_fields import Email, Phone
from scoring.catalog.fields import Field, Text

VALUES: dict[str, tuple[Field, str]] = {
    "email": (Email(), "jane@example.com"),
    "phone": (Phone(), "+436601234567"),
    "comment": (Text(), "Call me"),
}
MASKS = {"email": "j…@example.com", "phone": "…67", "comment": "7 characters"}
CLEAR = {name: value for name, (_, value) in VALUES.items()}
HIDDEN = dict.fromkeys(VALUES, "hidden")


class User:
    def __init__(self, *permissions: str) -> None:
        self.permissions = permissions

    def has_perm(self, permission: str) -> bool:
        return permission in self.permissions


def seen_by(access: PersonalAccess) -> dict[str, str]:
    return {
        name: access.words(value, field, name=name, digest=f"d-{name}")
        for name, (field, value) in VALUES.items()
    }


@pytest.mark.parametrize(
    ("permissions", "asked", "seen"),
    [
        ((), (), HIDDEN),
        ((), (ALL,), HIDDEN),
        (("scoring.view_event",), ("d-email",), HIDDEN),
        ((REVEAL,), (), MASKS),
        ((REVEAL,), ("d-email",), {**MASKS, "email": CLEAR["email"]}),
        ((REVEAL,), ("d-email", "d-phone"), {**CLEAR, "comment": MASKS["comment"]}),
        ((REVEAL,), ("unknown",), MASKS),
        ((REVEAL,), (ALL,), CLEAR),
        ((SEE,), (), CLEAR),
        ((REVEAL, SEE), (), CLEAR),
    ],
)
def test_permission_and_request_decide(permissions: Any, asked: Any, seen: dict[str, str]) -> None:
    user: Any = User(*permissions)
    assert seen_by(access_of(user, asked)) == seen


def test_an_erased_value_is_neither_masked_nor_revealed() -> None:
    access = PersonalAccess(may_read=True, asked=(ALL,))
    assert access.words("", Email(), name="email", digest="d") == "erased"
    assert not access.masked
    assert not access.revealed


def test_the_access_notes_what_was_masked_and_what_was_revealed() -> None:
    access = PersonalAccess(may_read=True, asked=("d-phone",))
    seen_by(access)
    assert access.revealed == {Asked("phone", "d-phone")}
    assert access.masked == {Asked("email", "d-email"), Asked("comment", "d-comment")}
