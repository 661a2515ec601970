"""Exchange rates as configured in the admin."""

from datetime import datetime
from decimal import Decimal

from scoring.catalog.models import ExchangeRate


def load_rates(*, base: str, now: datetime) -> dict[str, Decimal]:
    """Units of `base` that one unit of each currency buys at `now`: the latest rate that is valid by then."""
    rows = (
        ExchangeRate.objects.filter(base=base, valid_from__lte=now)
        .order_by("currency", "-valid_from")
        .distinct("currency")
        .values_list("currency", "rate")
    )
    return dict(rows)
