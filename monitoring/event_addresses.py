"""Addresses of the investigation console, for the events behind a figure."""

from datetime import datetime
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from reviews.investigation.query.editing import number_literal, text_literal
from reviews.investigation.query.query import CUSTOM, TIME

PERMISSION = "reviews.investigate"


def may_investigate(request: HttpRequest) -> bool:
    """Whether the user of a request may open these addresses."""
    return request.user.has_perm(PERMISSION)


def events_address(
    event_type: str,
    *conditions: str,
    since: datetime,
    until: datetime,
    distribution: str = "",
    top: str = "",
) -> str:
    """The console with the events received in [since, until) that meet all conditions; "" is none.

    `distribution` and `top` name what is shown of them: a number, and what has its most frequent values.
    """
    asked = {
        "type": event_type,
        "q": " && ".join(each for each in conditions if each),
        "period": CUSTOM,
        "since": f"{since:{TIME}}",
        "until": f"{until:{TIME}}",
        "distribution": distribution,
        "top": top,
    }
    given = {name: value for name, value in asked.items() if value}
    return f"{reverse('admin:investigate')}?{urlencode(given)}"


def equals(name: str, value: str) -> str:
    """The condition that an operand is this text.

    >>> equals("category", "travel")
    'category == "travel"'
    """
    return f"{name} == {text_literal(value)}"


def between(name: str, low: float | None, high: float | None) -> str:
    """The condition that a number is at least `low` and less than `high`, where they are given.

    >>> between("card_since_first", 86400.0, None)
    'card_since_first >= 86400'
    """
    parts = [
        *([] if low is None else [f"{name} >= {number_literal(low)}"]),
        *([] if high is None else [f"{name} < {number_literal(high)}"]),
    ]
    return " && ".join(parts)
