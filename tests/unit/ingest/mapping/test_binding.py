import pytest

from scoring.ingest.errors import InvalidMapping
from scoring.ingest.mapping.binding import bind
from scoring.ingest.mapping.mapping import ColumnMapping, LabelMapping

COLUMNS = ("id", "occurred_at", "card", "customer", "merchant", "amount", "note", "ip")


def test_columns_of_the_same_name_map_by_themselves_and_the_others_are_left() -> None:
    binding = bind(ColumnMapping("payment"), COLUMNS)
    assert binding.columns["card"] == "card"
    assert set(COLUMNS) - binding.used == {"note"}


def test_a_constant_takes_the_place_of_a_column_of_that_name() -> None:
    binding = bind(ColumnMapping("payment", constants={"merchant": "m-1"}), COLUMNS)
    assert "merchant" not in binding.columns
    assert "merchant" not in binding.used


def test_label_columns_of_the_usual_names_are_found() -> None:
    binding = bind(ColumnMapping("payment"), (*COLUMNS, "label", "label_known_at"))
    assert binding.label == LabelMapping("label", {}, "label_known_at", "import")
    assert bind(ColumnMapping("payment"), COLUMNS).label is None


@pytest.mark.parametrize(
    ("mapping", "columns", "said"),
    [
        (ColumnMapping("payment", fields={"cards": "card"}), COLUMNS, "no field 'cards'; allowed: occ"),
        (ColumnMapping("payment", fields={"card": "card_id"}), COLUMNS, "card: there is no column 'card_id'"),
        (ColumnMapping("payment"), COLUMNS[:-4], "payment needs merchant: no column has that name"),
        (ColumnMapping("payment", id=("trans",)), COLUMNS, "the id: there is no column 'trans'"),
        (ColumnMapping("payment", id=("id", "ip")), COLUMNS, "column 'ip' contains ip, which is personal"),
        (
            ColumnMapping("payment", label=LabelMapping("note", {"1": "scam"})),
            COLUMNS,
            "payment has no label 'scam'; allowed: fraud, legitimate",
        ),
        (ColumnMapping("payment", label=LabelMapping("is_fraud")), COLUMNS, "the label: there is no column"),
        (
            ColumnMapping("payment", fields={"card": "card"}, constants={"card": "c-1"}),
            COLUMNS,
            "card is given both a column and a constant",
        ),
    ],
)  # fmt: skip
def test_a_mapping_that_does_not_fit_is_reported_with_alternatives(
    mapping: ColumnMapping, columns: tuple[str, ...], said: str
) -> None:
    with pytest.raises(InvalidMapping, match=said):
        bind(mapping, columns)


def test_all_problems_are_reported_at_once() -> None:
    with pytest.raises(InvalidMapping) as raised:
        bind(ColumnMapping("payment", id=("nr",), fields={"card": "pan"}), ("amount", "note"))
    *problems, columns = raised.value.problems
    assert len(problems) == 5  # the id, the card's column, occurred_at, customer, merchant
    assert columns == "the columns are amount, note"


def test_columns_known_only_row_by_row_are_not_missed_beforehand() -> None:
    binding = bind(ColumnMapping("payment"), None)
    assert binding.columns["merchant"] == "merchant"
    assert binding.label is not None


def test_an_id_with_a_plus_may_be_one_column() -> None:
    names = ("a+b", "occurred_at", "card", "customer", "merchant", "amount")
    assert bind(ColumnMapping("payment", id=("a", "b")), names).id == ("a+b",)
