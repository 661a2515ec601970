"""The panel with what lists, banks, rules, policy, breaker and exploration said about an event."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from scoring.admin_kit.formatting import percent_text
from scoring.catalog.policies import titles_of
from scoring.catalog.registry import event_types
from scoring.intake.answers import asked_for_outcome
from scoring.rules.banks.matches import overturns_of
from scoring.rules.banks.pages.words import match_words, overturn_words

MODES = {
    "model": "the model's thresholds",
    "fixed": "fixed thresholds",
    "cost": "by cost",
    "capacity": "by reviewers' capacity",
}


class FindingRow(NamedTuple):
    """A hit on a list, a match of a hash bank or a rule that matched.

    `part`: what it did, "" if it asked for its outcome. `detail`: of a bank, how near the file is. `caution`:
    how often people judged the bank's matches otherwise, "" unless that is often.
    """

    kind: str
    name: str
    number: int
    text: str
    outcome: str
    field: str
    part: str
    detail: str = ""
    caution: str = ""


class FindingsPanel(NamedTuple):
    """What a decision recorded of the ruleset. `notes` are sentences."""

    ruleset: int
    event_type: str
    rows: list[FindingRow]
    notes: list[str]


def findings_panel(decision: Mapping[str, Any]) -> FindingsPanel | None:
    """The panel of a decision (data of its entry); None for one without a ruleset."""
    if "ruleset" not in decision:
        return None
    banks = {finding["name"] for finding in decision["findings"] if finding["kind"] == "bank"}
    cautions = {name: _caution(name) for name in sorted(banks)}
    rows = [_row(finding, cautions) for finding in decision["findings"]]
    return FindingsPanel(decision["ruleset"], decision["event_type"], rows, list(_notes(decision)))


def _row(finding: Mapping[str, Any], cautions: Mapping[str, str]) -> FindingRow:
    is_bank = finding["kind"] == "bank"
    return FindingRow(
        kind=finding["kind"],
        name=finding["name"],
        number=finding["number"],
        text=finding["text"],
        outcome=finding["outcome"],
        field=finding.get("field", ""),
        part="" if asked_for_outcome(finding) else "shadow" if finding["stage"] == "shadow" else "tag",
        detail=match_words(finding) if is_bank else "",
        caution=cautions[finding["name"]] if is_bank else "",
    )


def _caution(bank: str) -> str:
    overturns = overturns_of(bank)
    return overturn_words(overturns) if overturns.is_often else ""


def _notes(decision: Mapping[str, Any]) -> Iterator[str]:
    if policy := decision.get("policy"):
        segment = f", segment {policy['segment']}," if "segment" in policy else ""
        yield f"Policy {policy['number']} ({MODES[policy['mode']]}){segment} gave the thresholds."
    for title, words in reached_policies(decision.get("policies") or {}, decision["event_type"]):
        yield f"{title}: {words}."
    if "breaker" in decision and decision.get("initial"):
        yield f"The breaker was open, so this {decision['initial']} became a {decision['outcome']}."
    if (exploration := decision.get("exploration")) and decision.get("initial"):
        propensity = percent_text(exploration["propensity"])
        yield f"Exploration let this would-be block through, as it does with {propensity} of them."
    if unseen := decision.get("unseen"):
        yield f"Could not be evaluated at that moment: {_and(_unseen_name(each) for each in unseen)}."
    for error in decision.get("rule_errors", ()):
        yield f"{error['name']} (version {error['number']}) failed: {error['error'].rstrip('.')}."


def reached_policies(heads: Mapping[str, Mapping[str, Any]], event_type: str) -> Iterator[tuple[str, str]]:
    """The title of each policy whose score reaches a threshold, and which threshold that is, and whose.

    `heads`: by policy, as decisions log them or as the API answers them.
    """
    kind = event_types().get(event_type)
    titles = titles_of(kind.policies) if kind else {}
    for name, head in heads.items():
        threshold = head["thresholds"].get(head["outcome"])
        if threshold is not None:
            policy = head.get("policy")
            whose = f"of version {policy['number']} of the policy" if policy else "of the model"
            score, limit = percent_text(head["score"]), percent_text(threshold)
            yield (
                titles.get(name, name),
                f"{score} reaches {head['outcome']} from {limit}, a threshold {whose}",
            )


def _unseen_name(unseen: Mapping[str, Any]) -> str:
    words = {"breaker": "the breaker", "bank": f"the hash bank {unseen.get('name')}"}
    return words.get(unseen["kind"]) or f"rule {unseen['name']}"


def _and(names: Iterator[str]) -> str:
    first: Sequence[str] = list(names)
    return first[0] if len(first) == 1 else f"{', '.join(first[:-1])} and {first[-1]}"
