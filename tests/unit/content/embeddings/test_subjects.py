"""What a label makes known."""

from typing import Any

import pytest

from scoring.content.embeddings.subjects import policy_in, scopes_of, scopes_of_type
from tests.factories.letters import Letter

BAD, GOOD = "violating", "acceptable"


@pytest.mark.parametrize(
    ("said", "effective", "policies", "scopes"),
    [
        ({"review": BAD}, BAD, ["spam"], ("letter/spam",)),
        ({"review": BAD}, BAD, ["scam", "spam"], ("letter/scam", "letter/spam")),
        ({"review": BAD}, BAD, [], ("letter/",)),
        ({"chargeback": BAD, "customer": GOOD}, BAD, ["scam"], ("letter/scam",)),
        ({"customer": BAD}, BAD, ["spam"], ()),
        ({"review": GOOD, "chargeback": BAD}, GOOD, [], ()),
        ({}, None, [], ()),
        ({}, BAD, [], ()),
    ],
    ids=[
        "a verdict",
        "two policies",
        "no policy",
        "a dispute",
        "a customer",
        "left up by a reviewer",
        "retracted",
        "from before sources were logged",
    ],
)
def test_positive_labels_of_people_and_disputes_make_texts_known(
    said: dict[str, str], effective: str | None, policies: list[str], scopes: tuple[str, ...]
) -> None:
    label: dict[str, Any] = {"said": said, "effective": effective, "effective_policies": policies}
    assert scopes_of(Letter, label) == scopes


def test_scopes_name_the_type_and_its_policies() -> None:
    assert scopes_of_type(Letter) == ["letter/", "letter/spam", "letter/scam"]
    assert [policy_in(scope) for scope in scopes_of_type(Letter)] == ["", "spam", "scam"]
