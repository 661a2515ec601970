"""What the columns of acquirers' files suggest, and what their values do."""

from datetime import UTC, datetime

import pytest

from scoring.catalog.errors import FieldError
from scoring.event_types.payment import Payment
from scoring.ingest.labels.columns import AS_REASON, SKIP, suggest_columns, suggest_statuses, suggest_value
from scoring.ingest.labels.table import read_table
from scoring.ingest.labels.times import TimeStyle, lacks_zone, read_time

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)

# (header, event id, known at, meaning, status)
REPORTS = {
    "a plain one": (
        "transaction_id,dispute_date,amount,reason_code,status",
        ("transaction_id", "dispute_date", "reason_code", "status"),
    ),
    "Stripe": (
        "id,Dispute Created (UTC),Charge ID,Amount,Currency,Reason,Status,Due Date",
        ("Charge ID", "Dispute Created (UTC)", "Reason", "Status"),
    ),
    "Adyen": (
        "Company Account;Merchant Account;Psp Reference;Merchant Reference;Payment Method;Record Date;"
        "Dispute Amount;Record Type;Dispute Reason;CB Reason Code",
        ("Merchant Reference", "Record Date", "CB Reason Code", "Record Type"),
    ),
    "PPRO": (
        "TX_ID;MERCHANT_TX_ID;CHARGEBACK_DATE;AMOUNT;CURRENCY;CHARGEBACK_REASON",
        ("TX_ID", "CHARGEBACK_DATE", "CHARGEBACK_REASON", ""),
    ),
    "Checkout.com": (
        "Dispute ID,Payment ID,Payment Reference,Amount,Reason Code,Category,Status,Received On",
        ("Payment Reference", "Received On", "Reason Code", "Status"),
    ),
    "this product's own": ("event_id,label,reported_at", ("event_id", "reported_at", "label", "")),
    "a data set's": ("trans_num,is_fraud,label_known_at", ("trans_num", "label_known_at", "is_fraud", "")),
    "none of these": ("a,b,c", ("", "", "", "")),
}


@pytest.mark.parametrize("report", REPORTS)
def test_the_columns_of_a_report_are_found_by_name(report: str) -> None:
    header, expected = REPORTS[report]
    columns = suggest_columns(read_table(f"{header}\n".encode()), Payment)
    assert (columns.event_id, columns.known_at, columns.meaning, columns.status) == expected


@pytest.mark.parametrize(
    ("value", "meaning"),
    [
        *[(value, "fraud") for value in ("fraud", "FRAUD", "1", "1.0", "True", "yes")],
        *[(value, "legitimate") for value in ("legitimate", "0", "0.0", "false", "No")],
        *[(value, "fraud") for value in ("10.4", "4837", "F29", "UA02", "fraudulent", "Fraud - Card Absent")],
        *[
            (value, SKIP)
            for value in ("", "13.1", "12.6.1", "4853", "product_not_received", "Credit not processed")
        ],
        *[(value, SKIP) for value in ("Product damaged", "duplicate")],
        *[(value, "") for value in ("non-fraud", "Z9/x", "won", "lost", "2")],
        ("retract", "retract"),
    ],
)
def test_suggested_meanings_of_values(value: str, meaning: str) -> None:
    assert suggest_value(value, Payment) == meaning


def test_a_won_or_open_dispute_gives_no_label_and_others_use_their_reason() -> None:
    states = ["won", "under_review", "warning_closed", "RequestForInformation", "ChargebackReversed"]
    assert set(suggest_statuses(states).values()) == {SKIP}
    assert set(suggest_statuses(["lost", "Chargeback", "accepted"]).values()) == {AS_REASON}


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-02-01T10:00:00Z", "2026-02-01T10:00:00Z"),
        ("2026-02-01T10:00:00+02:00", "2026-02-01T08:00:00Z"),
        ("2026-02-01 10:00", "2026-02-01T09:00:00Z"),
        ("2026-02-01 10:00:00 UTC", "2026-02-01T10:00:00Z"),
        ("1770000000", "2026-02-02T02:40:00Z"),
        ("1770000000123", "2026-02-02T02:40:00.123000Z"),
        ("2016-12-31T23:59:60z", "2016-12-31T23:59:59Z"),
        ("2026-02-01", "2026-02-01T22:59:59.999999Z"),
        ("2026/2/1", "2026-02-01T22:59:59.999999Z"),
        ("01.02.2026", "2026-02-01T22:59:59.999999Z"),
        ("1/2/2026 9:30", "2026-02-01T08:30:00Z"),
        ("2026-03-01", "2026-03-01T12:00:00Z"),
    ],
)
def test_times_as_acquirers_write_them(text: str, moment: str) -> None:
    assert read_time(text, TimeStyle("Europe/Berlin", "day"), now=NOW) == moment


@pytest.mark.parametrize("text", ["03/04/2026", "yesterday", "2026-02-30", "31.31.2026", "12", "2026"])
def test_ambiguous_and_unreadable_times_are_refused(text: str) -> None:
    with pytest.raises(FieldError):
        read_time(text, TimeStyle(), now=NOW)


@pytest.mark.parametrize(
    ("text", "lacks"),
    [
        ("2026-02-01T10:00:00Z", False),
        ("2026-02-01T10:00:00+02:00", False),
        ("1770000000", False),
        ("2026-02-01 10:00", True),
        ("2026-02-01", True),
        ("01-02-2026", True),
    ],
)
def test_times_that_need_a_zone(text: str, lacks: bool) -> None:
    assert lacks_zone(text) is lacks
