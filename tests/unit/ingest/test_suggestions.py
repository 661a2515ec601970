"""What a dry run suggests for a file it has not seen."""

from collections.abc import Sequence
from typing import Any

import pytest

from scoring.event_types.payment import Payment
from scoring.ingest.errors import InvalidMapping
from scoring.ingest.mapping.binding import bind, mappable_names
from scoring.ingest.mapping.mapping import ColumnMapping
from scoring.ingest.suggestions import suggest

MAPPED = {
    **dict.fromkeys(mappable_names(Payment), ""),
    "occurred_at": "occurred_at",
}


def suggested(
    columns: dict[str, Sequence[Any]], *, mapped: dict[str, str] | None = None, **options: Any
) -> list[str]:
    mapping = ColumnMapping("payment", **options)
    return list(suggest(mapping, columns, mapped=mapped or {}, label=False))


def test_a_column_is_suggested_once_and_to_the_name_it_has() -> None:
    found = suggested({"Customer": ["u"], "Amount": ["1"], "Trans Time": ["2025-03-01T10:00:00Z"]})
    assert found == [
        "customer may be 'Customer' (--map customer=Customer)",
        "amount may be 'Amount' (--map amount=Amount)",
        "occurred_at may be 'Trans Time' (--map 'occurred_at=Trans Time')",
    ]


@pytest.mark.parametrize(
    ("values", "option"),
    [
        (["Yes", "No"], "'Is Fraud?:No=legitimate,Yes=fraud'"),
        (["No", "No"], "'Is Fraud?:No=legitimate,yes=fraud'"),
        (["0", "0"], "'Is Fraud?:0=legitimate,1=fraud'"),
        (["fraudulent", "won", None], "'Is Fraud?:fraudulent=fraud,*='"),
        (["a", "b"], "'Is Fraud?:VALUE=fraud,*='"),
    ],
)
def test_a_label_is_suggested_by_the_values_it_has(values: list[str | None], option: str) -> None:
    (found,) = suggested({"Is Fraud?": values}, mapped=MAPPED)
    assert found.endswith(f"(--label {option})")


@pytest.mark.parametrize(
    ("times", "said"),
    [
        (["31.12.2025", "01.02.2025"], "must be set: --time-format '%d.%m.%Y'"),
        (["12/31/2025 10:00", "01/02/2025 11:00"], "must be set: --time-format '%m/%d/%Y %H:%M'"),
        (["01/02/2025"], "--time-format '%d/%m/%Y'; where the month comes first '%m/%d/%Y'"),
        (["2025-03-01 10:00:00"], "set their time zone"),
        (["0", "1e+05"], "set their origin"),
    ],
)
def test_missing_time_options_are_suggested(times: list[str], said: str) -> None:
    (found,) = suggested({"occurred_at": times}, mapped=MAPPED)
    assert found.endswith(said) or said in found


@pytest.mark.parametrize(
    ("times", "options"),
    [
        (["0", "1"], {"time_origin": "2025-01-01T00:00:00Z"}),
        (["2025-03-01 10:00:00"], {"timezone": "UTC"}),
        (["31.12.2025"], {"time_format": "%d.%m.%Y", "timezone": "UTC"}),
    ],
)
def test_given_options_are_not_suggested(times: list[str], options: dict[str, str]) -> None:
    assert suggested({"occurred_at": times}, mapped=MAPPED, **options) == []


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (("id^amount",), "set the separator"),
        (("p1", "2025-03-01T10:00:00Z", "12.34"), "add a line with the column names"),
    ],
)
def test_a_doubtful_header_is_reported(columns: tuple[str, ...], said: str) -> None:
    with pytest.raises(InvalidMapping, match=said):
        bind(ColumnMapping("payment"), columns)


def test_thousands_separators_are_detected_next_to_a_currency() -> None:
    found = suggested({"amount": ["$1,234.50"]}, mapped={**MAPPED, "amount": "amount"})
    assert found == ["amount seems to have commas between thousands: --thousands ,"]
