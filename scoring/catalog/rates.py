"""Exchange rates as configured in the admin."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from scoring.catalog.models import ExchangeRate

# By currency the rates in the order in which they became valid.
RateSeries = Mapping[str, Sequence[tuple[datetime, Decimal]]]


def load_rates(*, base: str, now: datetime) -> dict[str, Decimal]:
    """Units of `base` that one unit of each currency buys at `now`: the latest rate that is valid by then."""
    rows = (
        ExchangeRate.objects.filter(base=base, valid_from__lte=now)
        .order_by("currency", "-valid_from")
        .distinct("currency")
        .values_list("currency", "rate")
    )
    return dict(rows)


def load_rate_series(*, base: str) -> RateSeries:
    """All rates into `base`, for events of the past: see `rate_at`."""
    rows = ExchangeRate.objects.filter(base=base).order_by("valid_from")
    series: dict[str, list[tuple[datetime, Decimal]]] = {}
    for currency, valid_from, rate in rows.values_list("currency", "valid_from", "rate"):
        series.setdefault(currency, []).append((valid_from, rate))
    return series


def rate_at(series: RateSeries, currency: str, moment: datetime) -> Decimal | None:
    """The rate that was valid at `moment`; None before the first one and for a currency without any."""
    rates = series.get(currency, ())
    place = bisect_right(rates, moment, key=lambda rate: rate[0])
    return rates[place - 1][1] if place else None
