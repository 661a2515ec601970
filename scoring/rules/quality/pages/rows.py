"""Rule quality as rows of a table: figures, intervals and what deserves attention."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from scoring.rules.quality.live_subjects import LiveSubject
from scoring.rules.quality.measures import Counted, Share
from scoring.rules.quality.report import DEAD_AFTER, RuleKey, RuleQuality, Totals


@dataclass(frozen=True, slots=True)
class QualityRow:
    """A rule or list in one stage.

    `is_live`: it is in use now. `is_dead`: it has been for a month, without a hit in it.
    """

    key: RuleKey
    outcome: str
    counted: Counted
    decisions: int
    positives: int
    is_live: bool
    is_dead: bool
    last_hit: date | None

    @property
    def has_notes(self) -> bool:
        """Whether something deserves attention."""
        counted = self.counted
        return bool(self.is_dead or counted.is_needless or counted.errors or counted.mature.unknown)

    @property
    def hit_share(self) -> float | None:
        return self.counted.hits / self.decisions if self.decisions else None

    @property
    def precision(self) -> Share:
        return self.counted.precision(self.outcome)

    @property
    def recall(self) -> Share:
        return self.counted.recall(self.positives)

    @property
    def has_recall(self) -> bool:
        """Recall says something of what stops fraud."""
        return self.outcome not in ("", "allow")


def quality_rows(
    found: Iterable[RuleQuality],
    live: Sequence[LiveSubject],
    *,
    totals: Totals,
    last_hits: Mapping[tuple[str, str], date],
    now: datetime,
) -> list[QualityRow]:
    """A row for all that hit events in the period and for all that is in use, most hits first."""
    by_key = {each.key: each for each in found}
    in_use = {each.key: each for each in live}
    rows = []
    for key in dict.fromkeys((*by_key, *in_use)):
        quality, subject = by_key.get(key), in_use.get(key)
        last_hit = last_hits.get((key.kind, key.name))
        rows.append(
            QualityRow(
                key=key,
                outcome=_outcome(quality, subject),
                counted=quality.counted if quality else Counted(),
                decisions=totals.decisions,
                positives=totals.positives,
                is_live=subject is not None,
                is_dead=subject is not None and is_dead(subject, last_hit, now),
                last_hit=last_hit,
            )
        )
    return sorted(rows, key=lambda row: (not row.is_live, -row.counted.hits, row.key.text))


def _outcome(quality: RuleQuality | None, subject: LiveSubject | None) -> str:
    """What it asked for when it last hit an event; of one without hits, what it would ask for."""
    if quality and quality.last_hit:
        return quality.outcome
    return subject.outcome if subject else ""


def is_dead(subject: LiveSubject, last_hit: date | None, now: datetime) -> bool:
    """Whether a rule or list has been in use for a month and has hit nothing in it."""
    since = (now - DEAD_AFTER).date()
    return subject.since.date() < since and (last_hit is None or last_hit < since)
