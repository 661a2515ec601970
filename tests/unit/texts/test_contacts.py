"""Contacts in texts: one form for each, however it is written."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.texts import contacts, words
from scoring.texts.contacts import MAX_CONTACTS, find_contacts
from scoring.texts.words import count_emoji, count_hashtags, count_mentions, repeated_share

FOUND = [
    ("write to Ann.Lee@Example.com!", [("mail", "ann.lee@example.com")]),
    ("ann (at) example (dot) com", [("mail", "ann@example.com")]),
    ("call +43 660 123 45 67 or 0043-660-1234567", [("phone", "+436601234567")]),
    ("call 0660/1234567", [("phone", "06601234567")]),
    ("WhatsApp: +1 (202) 555-0143", [("phone", "+12025550143")]),
    ("join t.me/some_channel and telegram: @Some_Channel", [("handle", "telegram:some_channel")]),
    ("https://wa.me/436601234567", [("handle", "whatsapp:436601234567")]),
    ("discord.gg/abcdef", [("handle", "discord:abcdef")]),
    (
        "send it to 1BoatSLRHtKNngkdXEeobR76b53LETtpyT",
        [("wallet", "1BoatSLRHtKNngkdXEeobR76b53LETtpyT")],
    ),
    (
        "0x52908400098527886E0F7030069857D2E4169EE7",
        [("wallet", "0x52908400098527886E0F7030069857D2E4169EE7")],
    ),
    (
        "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
        [("wallet", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4")],
    ),
]
NONE = [
    "on 2013-07-12 at 10:22, on 12.05.2014, for 1,234,567,890.00",
    "order 123456789012, view 10000000000, 3.1415926535",
    "https://example.com/watch?v=1234567890123",
    "@ann thanks",
    "1BoatSLRHtKNngkdXEeobR76b53LETtpyX has a wrong check sum",
    "+1 23 45 is too short, and +999 999 999 999 99 is no number",
]


@pytest.mark.parametrize(("text", "found"), FOUND)
def test_contacts_are_found_in_one_form(text: str, found: list[tuple[str, str]]) -> None:
    assert [(contact.kind, contact.value) for contact in find_contacts(text)] == found


@pytest.mark.parametrize("text", NONE)
def test_what_only_looks_like_a_contact_is_none(text: str) -> None:
    assert find_contacts(text) == ()


def test_no_more_than_a_limit_are_given() -> None:
    assert len(find_contacts(" ".join(f"a{number}@example.com" for number in range(50)))) == MAX_CONTACTS


@pytest.mark.parametrize(
    ("text", "mentions", "hashtags", "emoji", "repeated"),
    [
        ("", 0, 0, 0, None),
        ("@ann @bob hi a@b.example", 2, 0, 0, 0.0),
        ("#one #two #3 C#", 0, 2, 0, 0.0),
        ("👍🏽 ❤️ 🇦🇹 👨‍👩‍👧 1️⃣", 0, 0, 4, 0.0),
        ("no no NO yes", 0, 0, 0, 0.5),
    ],
)
def test_what_else_is_counted(
    text: str, mentions: int, hashtags: int, emoji: int, repeated: float | None
) -> None:
    assert (count_mentions(text), count_hashtags(text), count_emoji(text)) == (mentions, hashtags, emoji)
    assert repeated_share(text) == repeated


@given(
    st.lists(
        st.text(st.sampled_from("\U0001f44d\U0001f3fd\u2764\ufe0f\u200d\u0416\U0001f468\xad"), max_size=6)
    )
)
def test_emoji_are_joined_only_to_their_neighbors(parts: list[str]) -> None:
    assert count_emoji("x".join(parts)) == sum(map(count_emoji, parts))


@pytest.mark.parametrize("text", ["0 " * 25_000, "1" * 50_000, "a@" * 25_000, "(at)" * 12_500])
def test_hostile_texts_are_read_in_linear_time(text: str) -> None:
    """Quadratic steps would take minutes here."""
    assert len(find_contacts(text)) <= MAX_CONTACTS


@pytest.mark.parametrize("module", [contacts, words])
def test_the_examples_hold(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]
