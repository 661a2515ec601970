"""What lists, banks, and rules that need no features, make of an event that no lane has read."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from scoring.catalog.registry import event_type
from scoring.rules.banks.search.lookup import find_bank_hits
from scoring.rules.deciding.findings import Facts, bank_findings, judge
from scoring.rules.deciding.precedence import resolve
from scoring.rules.deciding.recording import Unseen, recorded
from scoring.rules.deciding.rules_at import rules_at
from scoring.rules.deciding.ruleset import ruleset_at
from scoring.rules.lists.lookup import find_hits
from scoring.rules.ruleset.stream import current_version


def judge_without_lane(event: Mapping[str, Any], *, base: str, now: datetime) -> dict[str, Any]:
    """The outcome and what led to it, as a decision records them. `event`: the data of its receipt.

    `base`: the outcome of the failure policy. Lists and banks are looked up in the database. Rules that need
    features or a score, banks too large for the database, and a breaker that might have held a block, are
    recorded as `unseen`.
    """
    version = current_version()
    if not version:
        return {"outcome": base}
    kind, ruleset = event_type(event["type"]), ruleset_at(version)
    rules = rules_at(version, kind.name)
    banked = find_bank_hits(event, version=version, now=now, definitions=ruleset.banks)
    found = judge(
        Facts(event),
        find_hits(kind.name, event["fields"], version=version, now=now),
        banked=bank_findings(banked.hits, ruleset.banks, kind=kind),
        definitions=ruleset.lists,
        rules=rules.without_features(),
        now=now,
    )
    resolution = resolve(base, by="policy", findings=found.findings, outcomes=kind.outcomes)
    unseen: list[Unseen] = [*rules.unseen((), score=False)]
    unseen += ({"kind": "bank", "name": name} for name in banked.unseen)
    if resolution.stoppable and ruleset.breakers.settings_of(kind.name).is_on:
        unseen.append({"kind": "breaker"})
    return recorded(version, resolution, found.findings, errors=found.errors, unseen=unseen)
