"""What an action would do, before it does anything; and the preview as a text that comes back unchanged."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core import signing

from reviews.investigation.bulk import labels, listing, verdicts
from reviews.investigation.bulk.errors import PreviewExpired
from reviews.investigation.bulk.outcome import Item
from reviews.investigation.bulk.reviewer import Reviewer
from reviews.investigation.bulk.selecting import Found, find_events, find_values
from reviews.investigation.bulk.terms import LabelTerms, ListTerms, Terms, VerdictTerms
from reviews.investigation.query.query import Query
from reviews.investigation.results.matching import compile_query

VALID_FOR = timedelta(minutes=30)
_SALT = "reviews.investigation.bulk"


@dataclass(frozen=True)
class Preview:
    """What the query found: what the action changes, and why the rest is left out."""

    chosen: Sequence[Found]
    left_out: Sequence[tuple[Found, str]]

    @property
    def found(self) -> int:
        return len(self.chosen) + len(self.left_out)

    @property
    def causes(self) -> list[tuple[str, int, Found]]:
        """Why things are left out: how many for each cause, and an example; the most frequent first."""
        counts = Counter(why for _, why in self.left_out)
        examples = {why: found for found, why in reversed(self.left_out)}
        return [(why, count, examples[why]) for why, count in counts.most_common()]


def preview(
    query: Query, terms: Terms, *, reviewer: Reviewer, withheld: Collection[int], now: datetime
) -> Preview:
    """Run the query, and tell what the action would do with each of its events or values.

    `withheld`: the events whose labels the user must not see. Raises TooMuchFound, UnknownList, ListArchived,
    and as `investigate` does.
    """
    compile_query(query)
    if isinstance(terms, ListTerms):
        found = find_values(query, terms.field, withheld=withheld, now=now)
    else:
        found = find_events(query, withheld=withheld, now=now)
    hidden: dict[Item, str] = {}
    if not isinstance(terms, ListTerms):
        hidden = dict.fromkeys(withheld, verdicts.ALONE)
    asked = [each.item for each in found if each.item not in hidden]
    why = {**hidden, **_refusals(asked, terms, reviewer, now=now)}
    return Preview(
        [each for each in found if each.item not in why],
        [(each, why[each.item]) for each in found if each.item in why],
    )


def sealed(data: dict[str, Any], *, reviewer: Reviewer) -> str:
    """The data of a previewed action as a text for a form, signed for this user."""
    return signing.dumps({**data, "user": reviewer.name}, salt=_SALT, compress=True)


def unsealed(text: str, *, reviewer: Reviewer) -> dict[str, Any]:
    """The data of `sealed`. Raises PreviewExpired for a text that is old, another user's or was changed."""
    try:
        data = signing.loads(text, salt=_SALT, max_age=VALID_FOR)
    except signing.BadSignature as error:
        raise PreviewExpired(minutes=round(VALID_FOR / timedelta(minutes=1))) from error
    if data.pop("user") != reviewer.name:
        raise PreviewExpired(minutes=round(VALID_FOR / timedelta(minutes=1)))
    return dict(data)


def _refusals(items: Sequence[Item], terms: Terms, reviewer: Reviewer, *, now: datetime) -> dict[Item, str]:
    if isinstance(terms, LabelTerms):
        return labels.refusals(items)
    if isinstance(terms, VerdictTerms):
        return verdicts.refusals(items, terms, reviewer, now=now)
    return listing.refusals(items, terms, now=now)
