"""What the columns of the admin's lists show."""

from datetime import UTC, datetime
from types import SimpleNamespace

from scoring.admin_kit.change_lists import moment_column
from scoring.admin_kit.entry_lists import event_text


def test_a_time_names_its_zone_in_the_header_alone() -> None:
    column = moment_column("decided_at", "decided")
    row = SimpleNamespace(decided_at=datetime(2026, 11, 29, 17, 5, 9, 123456, tzinfo=UTC))
    assert column.short_description == "decided (UTC)"  # type: ignore[attr-defined]
    assert column.admin_order_field == "decided_at"  # type: ignore[attr-defined]
    assert column(row) == '<span class="ws-num">2026-11-29 17:05:09</span>'


def test_a_time_that_has_not_come_is_a_dash() -> None:
    assert moment_column("expires_at", "expires")(SimpleNamespace(expires_at=None)) == "-"


def test_an_event_shows_its_own_id_before_its_type_and_source() -> None:
    text = event_text("payment/shop/T-1")
    assert text.index(">T-1<") < text.index(">payment/shop<")
    assert 'title="payment/shop/T-1"' in text


def test_an_event_id_may_contain_slashes_and_markup() -> None:
    text = event_text("payment/shop/a/b<script>")
    assert "a/b&lt;script&gt;" in text
    assert "<script>" not in text
