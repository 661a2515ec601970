"""Values as people enter them, in canonical form or refused."""

from datetime import timedelta

import pytest

from scoring.catalog.errors import FieldError
from scoring.rules.lists.changing.values import CheckedValue, NewValue, check_value, parse_value
from scoring.rules.lists.errors import Problem
from scoring.rules.lists.keys import key_of
from tests.factories.lists import NOW, TOMORROW, definition

CARDS = definition()
NETWORKS = definition("networks", kind="ip", match="network")
DOMAINS = definition("domains", kind="customer", match="domain")
DIGESTS = definition("digests", kind="customer", match="sha256")
ADDRESSES = definition("addresses", kind="ip")
HASH = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


@pytest.mark.parametrize(
    ("list_definition", "text", "shown"),
    [
        (CARDS, "  card-1 ", "card-1"),
        (NETWORKS, "203.0.113.77/24", "203.0.113.0/24"),
        (NETWORKS, "2001:DB8::1/32", "2001:db8::/32"),
        (NETWORKS, "::ffff:203.0.113.0/120", "203.0.113.0/24"),
        (NETWORKS, "0.0.0.0/0", "0.0.0.0/0"),
        (DOMAINS, "Mail.Example.", "mail.example"),
        (DOMAINS, "@mail.example", "mail.example"),
        (DOMAINS, ".xyz", ".xyz"),
        (DOMAINS, "müll.example", "xn--mll-hoa.example"),
        (DIGESTS, HASH.upper(), HASH),
    ],
)
def test_a_value_has_one_canonical_form(list_definition, text, shown) -> None:
    parsed = parse_value(list_definition, text)
    assert parsed.shown == shown
    assert parsed.keys == (key_of(shown.removeprefix(".")),)
    assert parsed.personal == ()


@pytest.mark.parametrize(
    ("list_definition", "text", "problem", "allowed"),
    [
        (CARDS, " ", "is missing", "a value"),
        (CARDS, "4111 1111 1111 1111", "contains a card number", "a token"),
        (CARDS, "x" * 129, "is longer than 128 characters", "1 to 128"),
        (ADDRESSES, "300.1.1.1", "is not an IP address", "IPv4 or IPv6"),
        (NETWORKS, "203.0.113.0/33", "is not a network", "203.0.113.0/24"),
        (NETWORKS, "office", "is not a network", "an IP address"),
        (DOMAINS, "com", "is a whole top-level domain", ".example"),
        (DOMAINS, "two words.example", "is not a domain", "mail.example"),
        (DOMAINS, "-a.example", "is not a domain", "mail.example"),
        (DOMAINS, ".".join(["long"] * 60), "is not a domain", "mail.example"),
        (DIGESTS, HASH[:-1], "is not a SHA-256 digest", "64 hexadecimal digits"),
    ],
)
def test_a_value_that_cannot_be_listed_is_refused_with_what_is_allowed(
    list_definition, text, problem, allowed
) -> None:
    with pytest.raises(FieldError, match=problem) as refused:
        parse_value(list_definition, text)
    assert allowed in str(refused.value.allowed)


@pytest.mark.parametrize("list_definition", [ADDRESSES, NETWORKS])
def test_a_single_address_is_personal_and_kept_in_the_vault_only(list_definition) -> None:
    parsed = parse_value(list_definition, "203.0.113.7")
    assert parsed.shown == ""
    assert parsed.personal == (("ip", "203.0.113.7"),)
    assert parsed.keys == parse_value(ADDRESSES, "203.0.113.7").keys


def test_every_problem_of_a_value_is_named() -> None:
    new = NewValue("", reason=" ", expires_at=NOW, tags=("a b",))
    problems = check_value(CARDS, new, now=NOW)
    assert isinstance(problems, list)
    assert [problem.field for problem in problems] == ["value", "reason", "tags", "expires_at"]
    assert problems[3] == Problem(
        "expires_at",
        "is 2026-03-01T12:30:00Z, which has passed",
        "a time after 2026-03-01T12:30:00Z",
    )


def test_a_checked_value_is_ready_for_the_log() -> None:
    new = NewValue("card-1", reason=" two  spaces ", expires_at=TOMORROW, tags=("Ring-7", "ring-7", ""))
    checked = check_value(CARDS, new, now=NOW)
    assert isinstance(checked, CheckedValue)
    assert list(checked.as_data()) == [
        {
            "key": key_of("card-1").hex(),
            "value": "card-1",
            "reason": "two spaces",
            "expires_at": "2026-03-02T12:30:00Z",
            "tags": ["ring-7"],
        }
    ]


def test_more_than_ten_tags_and_a_long_reason_are_refused() -> None:
    tags = tuple(f"tag-{number}" for number in range(11))
    new = NewValue("card-1", reason="r" * 201, tags=tags, expires_at=NOW + timedelta(seconds=1))
    problems = check_value(CARDS, new, now=NOW)
    assert isinstance(problems, list)
    assert [(each.field, each.problem) for each in problems] == [
        ("reason", "is longer than 200 characters"),
        ("tags", "has 11 tags"),
    ]
