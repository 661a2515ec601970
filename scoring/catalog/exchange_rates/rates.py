"""Looks up exchange rates, which are entered in the admin."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from scoring.catalog.exchange_rates.models import ExchangeRate

# Rates by currency, in the order in which they became valid.
RateSeries = Mapping[str, Sequence[tuple[datetime, Decimal]]]


def load_rates(*, base: str, now: datetime) -> dict[str, Decimal]:
    """Units of `base` for one unit of each currency at `now`: the latest rate valid by then."""
    rows = (
        ExchangeRate.objects.filter(base=base, valid_from__lte=now)
        .order_by("currency", "-valid_from")
        .distinct("currency")
        .values_list("currency", "rate")
    )
    return dict(rows)


def load_rate_series(*, base: str) -> RateSeries:
    """All rates to `base`, for past events: see `rate_at`."""
    rows = ExchangeRate.objects.filter(base=base).order_by("valid_from")
    series: dict[str, list[tuple[datetime, Decimal]]] = {}
    for currency, valid_from, rate in rows.values_list("currency", "valid_from", "rate"):
        series.setdefault(currency, []).append((valid_from, rate))
    return series


def rate_at(series: RateSeries, currency: str, moment: datetime) -> Decimal | None:
    """The rate that was valid at `moment`; None before the first rate, or if the currency has none."""
    rates = series.get(currency, ())
    place = bisect_right(rates, moment, key=lambda rate: rate[0])
    return rates[place - 1][1] if place else None
