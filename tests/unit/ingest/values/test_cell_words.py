"""Words for nothing, numerals of other countries, labels by value."""

from typing import Any

import pytest

from scoring.catalog.errors import FieldError
from scoring.ingest.errors import InvalidMapping
from scoring.ingest.limits import parse_max_rejected
from scoring.ingest.mapping.ids import id_text, row_ids
from scoring.ingest.mapping.mapping import LabelMapping
from scoring.ingest.readers.tables import Chunk
from scoring.ingest.rows.row_labels import UNLABELED, value_reader
from scoring.ingest.values.missing import MissingWords, count_words, merge_counts, word_notes
from scoring.ingest.values.numerals import Numerals


@pytest.mark.parametrize(
    "word", ["", "  ", "NULL", "null", "NaN", "nan", "N/A", "None", "\\N", "#N/A", "[NULL]", None]
)
def test_the_usual_spellings_of_nothing_are_missing(word: str | None) -> None:
    assert MissingWords().is_missing(word)


@pytest.mark.parametrize("word", ["NA", "-", "#REF!", "unknown", "undefined", "Null & Sons", 0, False])
def test_ambiguous_words_are_read_as_values(word: Any) -> None:
    assert not MissingWords().is_missing(word)


def test_words_are_named_exactly_and_the_usual_ones_can_be_values() -> None:
    words = MissingWords(["-", "Unknown"], usual=False)
    assert [words.is_missing(word) for word in ("-", "Unknown", "unknown", "NULL")] == [
        True,
        True,
        False,
        False,
    ]


def test_free_text_may_be_a_word_for_nothing_unless_it_is_named() -> None:
    assert not MissingWords().is_missing("None", free_text=True)
    assert MissingWords(["None"]).is_missing("None", free_text=True)


def test_frequent_words_in_a_column_are_reported() -> None:
    counts = merge_counts(
        {"device": count_words(["a", "unknown", "NULL", "unknown"])}, {"device": {"NULL": 5}}
    )
    notes = word_notes(counts, 100, MissingWords())
    assert notes == [
        "device: 'NULL' in 6 rows (6%) was read as missing",
        "device: 'unknown' in 2 rows (2%) was read as a value; if it means missing, use --missing 'unknown'",
    ]
    assert word_notes(counts, 100_000, MissingWords()) == []


@pytest.mark.parametrize(
    ("numerals", "text", "read"),
    [
        (Numerals(","), "3,5", "3.5"),
        (Numerals(","), "-0,25", "-0.25"),
        (Numerals(",", "."), "1.234.567,89", "1234567.89"),
        (Numerals(",", "space"), "1\u00a0234,50", "1234.50"),
        (Numerals(".", ","), "1,234.50", "1234.50"),
        (Numerals(".", "'"), "1'234.50", "1234.50"),
        (Numerals(","), "12", "12"),
        (Numerals(","), "abc", "abc"),
    ],
)
def test_numbers_are_read_in_the_numerals_of_the_file(numerals: Numerals, text: str, read: str) -> None:
    assert numerals.read(text) == read


@pytest.mark.parametrize(
    ("numerals", "text"),
    [
        (Numerals(","), "1.234"),
        (Numerals(","), "1.5"),
        (Numerals(",", "."), "1.5"),
        (Numerals(".", ","), "1,5"),
    ],
)
def test_a_number_in_another_format_is_refused_and_not_misread(numerals: Numerals, text: str) -> None:
    with pytest.raises(FieldError, match="not a number with the decimal sign"):
        numerals.read(text)


def test_ambiguous_number_formats_are_refused() -> None:
    with pytest.raises(InvalidMapping, match="are both ','"):
        Numerals(",", ",")


LABEL = LabelMapping("is_fraud", {"1": "fraud", "0": "legitimate"})


@pytest.mark.parametrize("cell", [1, 1.0, "1", "1.0", " 1 ", True, "true", "TRUE"])
def test_labels_are_matched_by_value_whatever_their_type(cell: Any) -> None:
    assert value_reader(LABEL, ("fraud", "legitimate"))(cell) == "fraud"


@pytest.mark.parametrize(("cell", "label"), [("yes", "fraud"), ("YES", "fraud"), ("no ", "legitimate")])
def test_labels_are_matched_regardless_of_case(cell: str, label: str) -> None:
    yes_and_no = LabelMapping("fraud", {"Yes": "fraud", "No": "legitimate"})
    assert value_reader(yes_and_no, ("fraud", "legitimate"))(cell) == label


def test_labels_that_differ_only_in_case_are_distinguished() -> None:
    read = value_reader(LabelMapping("code", {"F": "fraud", "f": ""}), ("fraud", "legitimate"))
    assert (read("F"), read("f")) == ("fraud", UNLABELED)


@pytest.mark.parametrize("cell", [2, "won", "01", 0.5])
def test_another_value_is_a_problem_unless_the_mapping_names_the_others(cell: Any) -> None:
    with pytest.raises(FieldError, match="is '"):
        value_reader(LABEL, ("fraud", "legitimate"))(cell)
    others = LabelMapping("reason", {"10.4": "fraud", "*": ""})
    assert value_reader(others, ("fraud", "legitimate"))(cell) == UNLABELED


def test_an_unknown_label_suggests_the_mapping_option() -> None:
    with pytest.raises(FieldError) as raised:
        value_reader(LabelMapping("status"), ("fraud", "legitimate"))("won")
    assert raised.value.allowed == ("fraud, legitimate; map other values with --label status:VALUE=fraud,*=")


@pytest.mark.parametrize("cell", [1001, 1001.0, "1001", "1001.0", " 1001 "])
def test_an_id_is_one_whatever_it_is_stored_as(cell: Any) -> None:
    assert id_text(cell) == "1001"


def chunk(first_row: int = 1, **columns: list[Any]) -> Chunk:
    return Chunk(first_row, len(next(iter(columns.values()))), columns)


def test_rows_without_ids_get_the_same_one_each_time_and_equal_rows_two() -> None:
    ids = row_ids(chunk(a=["1", "1"], b=["x", "x"]))
    assert ids == row_ids(chunk(a=["1", "1"], b=["x", "x"]))
    assert len(set(ids)) == 2
    assert [each.split("-")[1] for each in ids] == ["1", "2"]


def test_a_file_that_grew_keeps_the_ids_of_its_rows() -> None:
    grown = row_ids(chunk(a=["1", "2", "3"]))
    assert grown[:2] == row_ids(chunk(a=["1", "2"]))
    assert grown[2:] == row_ids(chunk(3, a=["3"]))  # nor does it matter where a chunk begins


def test_another_content_is_another_id() -> None:
    assert row_ids(chunk(a=["1"], b=[None])) != row_ids(chunk(a=[None], b=["1"]))


@pytest.mark.parametrize(
    ("given", "rejected", "of", "allowed"),
    [
        ("0", 0, 10, True),
        ("0", 1, 10, False),
        ("5", 5, 10, True),
        ("1%", 10, 1000, True),
        ("1%", 11, 1000, False),
    ],
)
def test_rejected_rows_are_allowed_up_to_a_number_or_a_share(
    given: str, rejected: int, of: int, allowed: bool
) -> None:
    assert parse_max_rejected(given).allows(rejected, of=of) is allowed


@pytest.mark.parametrize("given", ["", "-1", "1.5", "101%", "few"])
def test_an_invalid_limit_is_refused(given: str) -> None:
    with pytest.raises(InvalidMapping, match="neither a number of rows nor a share"):
        parse_max_rejected(given)
