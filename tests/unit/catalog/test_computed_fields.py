"""Fields that follow from others: taken from a text where they are not sent, or never sent at all."""

import doctest
from datetime import UTC, datetime
from typing import Any

import pytest

from scoring.catalog.errors import InvalidEvent
from scoring.catalog.event_type import EventType, ParsedFields
from scoring.catalog.fields import Entity, Text
from scoring.catalog.signals import links as link_signals
from scoring.catalog.text_fields import Language, Links
from scoring.declare.errors import CatalogError
from scoring.intake.receive import Submission, differing_fields, received_entry
from scoring.texts.fingerprints import text_fingerprint
from tests.factories.catalog import catalog_with

NOW = datetime(2026, 3, 1, tzinfo=UTC)
OFFER = "Visit sneakers[.]example.com or mail me@example.org to get the cheapest sneakers of all"


class Notice(EventType):
    name, lane = "notice", "notices"
    author = Entity()
    text = Text(optional=True)
    language = Language(of=text)
    links = Links(of=text)
    text_copy = text.copy()
    text_band_1, text_band_2 = text.bands(2)
    domain_1, domain_2 = links.domains(2)
    contact_1, contact_2 = text.each_contact(2)
    features = [language]


def parse(**fields: Any) -> ParsedFields:
    head = {"id": "N-1", "occurred_at": "2026-03-01T00:00:00Z", "author": "ann"}
    return Notice.parse({**head, **fields}, now=NOW)


def problems(**fields: Any) -> list[tuple[str, str]]:
    with pytest.raises(InvalidEvent) as refused:
        parse(**fields)
    return [(field, problem) for field, problem, _ in refused.value.problems]


def receipt(**fields: Any) -> dict[str, Any]:
    return received_entry(Submission("notice", parse(**fields)), source="board").data


def test_fields_follow_from_the_text() -> None:
    parsed = parse(text=OFFER)
    bands = {name: parsed.fields.pop(name) for name in ("text_band_1", "text_band_2")}
    assert parsed.fields == {
        "author": "ann",
        "text": OFFER,
        "language": "en",
        "links": "http://sneakers.example.com",
        "text_copy": text_fingerprint(OFFER),
        "domain_1": "example.com",
        "contact_1": "mail:me@example.org",
    }
    assert len(set(bands.values())) == 2
    assert parsed.detected == ("language", "links")
    assert parsed.personal == ("text", "links", "contact_1")


def test_without_a_text_nothing_follows() -> None:
    parsed = parse()
    assert (parsed.fields, parsed.detected) == ({"author": "ann"}, ())


def test_what_is_sent_is_not_detected() -> None:
    parsed = parse(text=OFFER, language="pt-BR", links=["example.net/a", "https://b.example.co.uk"])
    assert (parsed.fields["language"], parsed.detected) == ("pt", ())
    assert parsed.fields["links"] == "http://example.net/a\nhttps://b.example.co.uk"
    assert (parsed.fields["domain_1"], parsed.fields["domain_2"]) == ("example.net", "example.co.uk")


@pytest.mark.parametrize("name", ["text_copy", "text_band_1", "domain_1", "contact_1"])
def test_a_computed_field_cannot_be_sent(name: str) -> None:
    assert problems(**{name: "x"}) == [(name, "is computed by Assay")]
    assert name not in Notice.payload_names()
    assert name not in Notice.json_schema()["properties"]


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"language": "English"}, ("language", "is not a language code")),
        ({"language": 7}, ("language", "must be a string")),
        ({"links": "example.com"}, ("links", "must be a list")),
        ({"links": []}, ("links", "is empty")),
        ({"links": ["example.com", "no link"]}, ("links", "item [1] is no link")),
        ({"links": ["example.com"] * 21}, ("links", "has 21 items")),
        ({"links": ["a" * 2_001]}, ("links", "item [0] is no link of up to 2000 characters")),
        ({"text": "a\x00b"}, ("text", "has the character U+0000")),
        ({"text": "a\ud83d"}, ("text", "has the character U+D83D")),
        ({"text": "a" * 1_000_000}, ("text", "is longer than 10000 characters")),
    ],
)
def test_bad_values_are_refused_by_name(fields: dict[str, Any], problem: tuple[str, str]) -> None:
    assert problems(**fields) == [problem]


def test_right_to_left_overrides_are_kept_in_the_text_and_read_as_drawn() -> None:
    written = "get some \u202eyenom eerf\u202c from us today"
    parsed = parse(text=written)
    assert parsed.fields["text"] == written
    assert parsed.fields["text_copy"] == text_fingerprint("get some free money from us today")
    assert parsed.signals.values["text.disguises"] == 1


def test_what_was_not_sent_makes_no_conflict() -> None:
    stored = receipt(text=OFFER)
    assert stored["detected"] == ["language", "links"]
    with_newer_code = {
        **stored,
        "fields": {**stored["fields"], "language": "nl", "text_copy": "0" * 32, "domain_2": "x.example"},
    }
    with catalog_with(__name__):
        assert differing_fields(stored, with_newer_code) == []
        assert differing_fields(stored, receipt(text=OFFER, language="en")) == []
        assert differing_fields(stored, receipt(text=OFFER, language="de")) == ["language"]
        assert differing_fields(stored, receipt(text="other")) == ["text"]


def test_a_field_must_follow_from_one_before_it() -> None:
    text = Text()
    members = {"name": "odd", "lane": "odd", "author": Entity(), "language": Language(of=text), "text": text}
    with pytest.raises(
        CatalogError, match=r"Odd\.language is taken from a field that is not declared before"
    ):
        type("Odd", (EventType,), members)


def test_a_text_has_as_many_bands_as_there_are() -> None:
    with pytest.raises(CatalogError, match="a text has 1 to 8 bands, not 9"):
        Text().bands(9)


@pytest.mark.parametrize(
    "listed", ["example.com", "https://shop.example.com/a?b", "EXAMPLE.com", "a[.]example.com"]
)
def test_a_listed_link_is_its_domain(listed: str) -> None:
    assert Notice.fields["domain_1"].parse(listed) == "example.com"


def test_cells_of_tables_hold_several_links() -> None:
    field = Notice.fields["links"]
    assert field.parse(field.read_cell(" example.com  https://example.org/a ")) == (
        "http://example.com\nhttps://example.org/a"
    )
    assert field.as_sent("http://example.com\nhttps://example.org/a") == [
        "http://example.com",
        "https://example.org/a",
    ]


def test_the_examples_hold() -> None:
    assert doctest.testmod(link_signals).failed == 0
