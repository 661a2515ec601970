from pathlib import Path

import pytest

from scoring.ingest.errors import InvalidMapping
from scoring.ingest.mapping.mapping import ColumnMapping, LabelMapping, build_mapping, read_mapping

WHOLE = """
type = "payment"
source = "shop"
id = ["trans_num", "occurred_at"]
timezone = "Europe/Berlin"
[fields]
card = "card_id"
[constants]
currency = "USD"
[label]
column = "is_fraud"
values = { 1 = "fraud", 0 = "legitimate" }
known_at = "label_known_at"
source = "chargeback"
"""
AS_OPTIONS = {
    "event_type": "payment",
    "source": "shop",
    "identity": "trans_num+occurred_at",
    "timezone": "Europe/Berlin",
    "fields": ["card=card_id"],
    "constants": ["currency=USD"],
    "label": "is_fraud:1=fraud,0=legitimate",
    "label_known_at": "label_known_at",
    "label_source": "chargeback",
}


def toml(path: Path, text: str) -> Path:
    file = path / "mapping.toml"
    file.write_text(text)
    return file


def test_a_toml_file_and_options_give_the_same_mapping(tmp_path: Path) -> None:
    assert build_mapping(read_mapping(toml(tmp_path, WHOLE))) == build_mapping({}, **AS_OPTIONS)


def test_options_overrule_the_file_and_keep_the_rest(tmp_path: Path) -> None:
    mapping = build_mapping(
        read_mapping(toml(tmp_path, WHOLE)),
        source="other",
        fields=["merchant=shop_id"],
        label="fraud_flag:y=fraud",
        label_source="review",
    )
    assert (mapping.type, mapping.source) == ("payment", "other")
    assert mapping.fields == {"card": "card_id", "merchant": "shop_id"}
    assert mapping.label == LabelMapping("fraud_flag", {"y": "fraud"}, "label_known_at", "review")


def test_equal_mappings_have_equal_descriptions_and_others_do_not() -> None:
    one, same = (build_mapping({}, **AS_OPTIONS) for _ in range(2))
    other = build_mapping({}, **{**AS_OPTIONS, "label_source": "review"})
    assert one.describe() == same.describe() != other.describe()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "--type"),
        ({"event_type": "payment", "identity": "a++b"}, "a++b"),
        ({"event_type": "payment", "fields": ["card"]}, "field=column"),
        ({"event_type": "payment", "fields": ["card=a", "card=b"]}, "card twice"),
        ({"event_type": "payment", "label": "is_fraud:"}, "column:raw=label"),
        ({"event_type": "payment", "label_known_at": "known"}, "--label"),
        ({"event_type": "payment", "timezone": "Mars/Olympus"}, "Mars/Olympus"),
    ],
)
def test_a_wrong_option_is_named(options: dict[str, str], said: str) -> None:
    with pytest.raises(InvalidMapping, match=said.replace("+", r"\+")):
        build_mapping({}, **options)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('typ = "payment"', "no key typ; allowed: type, source"),
        ('[label]\ncolum = "x"', "no key colum; allowed: column, values"),
        ('fields = ["card"]', "not a table of name = value"),
        ("type = payment", "mapping.toml"),
    ],
)
def test_a_wrong_file_is_named_with_its_key(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InvalidMapping, match=said):
        read_mapping(toml(tmp_path, text))


def test_an_id_needs_a_column() -> None:
    with pytest.raises(InvalidMapping):
        ColumnMapping("payment", id=())
