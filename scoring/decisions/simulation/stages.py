"""What each stage of a simulated decision did, as JSON values."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from scoring.catalog.registry import event_type
from scoring.decisions.engine import apply_policy
from scoring.decisions.facts import facts_of
from scoring.decisions.simulation.simulate import Simulated
from scoring.intake.answers import decided_by, decision_from, fields_as_sent, reasons_from
from scoring.rules.banks.definitions import BankDefinition, outcome_asked
from scoring.rules.banks.models import BankItem
from scoring.rules.banks.search.hits import VIDEO, BankHit
from scoring.rules.deciding.findings import Facts
from scoring.rules.deciding.live_rules import CompiledRule
from scoring.rules.deciding.precedence import OUTCOME_OF_ACTION
from scoring.rules.exploration.drawing import was_let_through
from scoring.rules.expressions.activation import ActivationBuilder, values_read
from scoring.rules.expressions.compiling import CompiledExpression
from scoring.rules.expressions.errors import ExpressionFailed
from scoring.rules.expressions.rewriting import Lookup
from scoring.rules.lists.hits import ListHit
from scoring.timestamps import to_iso

MATCHED, NOT_MATCHED, UNKNOWN, FAILED = "matched", "not_matched", "unknown", "failed"
NOT_APPLIED = "not_applied"


def describe(
    simulated: Simulated, expressions: Sequence[CompiledExpression] = (), *, now: datetime
) -> dict[str, Any]:
    """The decision that the event would get, what each stage did, and what each expression answers."""
    event = simulated.event
    return {
        "event": {
            "type": event["type"],
            "source": event["source"],
            "id": event["id"],
            "occurred_at": event["occurred_at"],
            "fields": fields_as_sent(event, computed=True),
        },
        "decision": decision_from(simulated.decision),
        "ruleset": simulated.ruleset.version,
        "states": {"lane": event_type(event["type"]).lane, "seq": simulated.folded.head.seq},
        "stages": {
            "lists": [_hit(hit, simulated) for hit in simulated.hits],
            "banks": _banks(simulated),
            "rules": _rules(simulated, now=now),
            "model": _model(simulated),
            "policy": _policy(simulated),
            "precedence": _precedence(simulated.decision),
            "breaker": _breaker(simulated),
            "exploration": _exploration(simulated),
        },
        "expressions": [_expression(each, simulated) for each in expressions],
    }


def _hit(hit: ListHit, simulated: Simulated) -> dict[str, Any]:
    definition = simulated.ruleset.lists[hit.list]
    return {
        "list": hit.list,
        "title": definition.title,
        "action": hit.action,
        "outcome": OUTCOME_OF_ACTION[hit.action],
        "field": hit.field,
        "listed_by_change": hit.added,
        "reason": hit.reason,
        "expires_at": hit.expires_at and to_iso(hit.expires_at),
        "code": definition.code,
        "text": definition.sentence,
    }


def _banks(simulated: Simulated) -> dict[str, Any]:
    """The files that match hash banks, and the banks that were too large to be looked up here."""
    items = BankItem.objects.in_bulk([hit.item for hit in simulated.banked.hits])
    outcomes = event_type(simulated.event["type"]).outcomes
    return {
        "matches": [
            _bank_hit(hit, simulated.ruleset.banks[hit.bank], items.get(hit.item), outcomes)
            for hit in simulated.banked.hits
        ],
        "unseen": list(simulated.banked.unseen),
    }


def _bank_hit(
    hit: BankHit, bank: BankDefinition, item: BankItem | None, outcomes: Sequence[str]
) -> dict[str, Any]:
    return {
        "bank": hit.bank,
        "title": bank.title,
        "action": bank.action,
        "outcome": outcome_asked(bank.action, outcomes),
        "media": hit.media,
        "distance": hit.distance,
        **shares_of(hit),
        "item": hit.item,
        "added_by_change": hit.added,
        "reason": item.reason if item else "",
        "source": item.source if item else "",
        "expires_at": to_iso(item.expires_at) if item and item.expires_at else None,
        "code": bank.code,
        "text": bank.sentence,
    }


def shares_of(hit: BankHit) -> dict[str, Any]:
    """How the file matched; nothing more of a picture."""
    if hit.match != VIDEO:
        return {"match": hit.match} if hit.match else {}
    return {"match": VIDEO, "query_share": hit.query_share, "known_share": hit.known_share}


def _rules(simulated: Simulated, *, now: datetime) -> list[dict[str, Any]]:
    if simulated.configuration is None:
        return []
    live = simulated.configuration.rules
    broken = [
        {"name": each.name, "number": each.number, "result": FAILED, "error": each.error}
        for each in live.broken
    ]
    activation = _activation(live.builder, simulated.facts, simulated.found.hits)
    return [*(_rule(rule, activation, simulated, now=now) for rule in live.rules), *broken]


def _rule(rule: CompiledRule, activation: Any, simulated: Simulated, *, now: datetime) -> dict[str, Any]:
    told = _asked(rule.expression, activation, simulated.facts)
    kind = event_type(simulated.event["type"])
    if told["result"] == MATCHED and not rule.applies(kind, simulated.event["fields"], now):
        told["result"] = NOT_APPLIED
    return {
        "name": rule.version.name,
        "number": rule.version.number,
        "stage": rule.live.stage,
        "outcome": rule.version.outcome,
        "code": rule.version.code,
        "text": rule.version.sentence,
        "expression": rule.version.expression,
        **told,
    }


def _expression(expression: CompiledExpression, simulated: Simulated) -> dict[str, Any]:
    """The answer to an expression of the request, which may read features that no live rule does."""
    facts = facts_of(simulated.answer, tuple(sorted(expression.features)))
    activation = _activation(ActivationBuilder([expression]), facts, simulated.found.hits)
    return {"expression": expression.text, **_asked(expression, activation, facts)}


def _activation(builder: ActivationBuilder, facts: Facts, hits: frozenset[Lookup]) -> Any:
    return builder.build(
        fields=facts.event["fields"],
        source=facts.event["source"],
        signals=facts.event.get("signals"),
        features=[facts.features.get(name) for name in builder.features],
        score=facts.score,
        hits=hits,
    )


def _asked(expression: CompiledExpression, activation: Any, facts: Facts) -> dict[str, Any]:
    """Whether an expression matches, the values that it reads, and those that are missing."""
    event = facts.event
    values = values_read(
        expression,
        fields=event["fields"],
        source=event["source"],
        signals=event.get("signals"),
        features=facts.features,
        score=facts.score,
    )
    told = {"values": values, "missing": [name for name, value in values.items() if value is None]}
    try:
        answer = expression.answer(activation)
    except ExpressionFailed as failed:
        return {"result": FAILED, "error": failed.problem, **told}
    return {"result": UNKNOWN if answer is None else MATCHED if answer else NOT_MATCHED, **told}


def _model(simulated: Simulated) -> dict[str, Any]:
    answer, data = simulated.answer, simulated.decision
    return {
        "model": answer.model.name,
        "arm": data["arm"],
        "role": data["role"],
        "basis": answer.basis,
        "cause": answer.cause,
        "score": answer.score,
        "margin": answer.margin,
        "reasons": [each for each in reasons_from(data) if each["source"] == "model"],
    }


def _policy(simulated: Simulated) -> dict[str, Any]:
    """The outcome of the score alone, and where its thresholds come from."""
    configuration = simulated.configuration
    base = apply_policy(
        simulated.answer,
        simulated.facts,
        simulated.found,
        policy=configuration.policy if configuration else None,
    )
    by = "policy" if base.policy else "model" if base.thresholds else "event_type"
    return {
        "outcome": base.outcome,
        "thresholds": base.thresholds and dict(base.thresholds),
        "from": by,
        **base.policy,
        **({"policies": _heads(simulated)} if simulated.answer.heads else {}),
    }


def _heads(simulated: Simulated) -> dict[str, Any]:
    """What each content policy makes of its score, and where its thresholds come from."""
    return {
        name: {
            "score": head.score,
            "outcome": head.outcome,
            "thresholds": dict(head.thresholds),
            "from": "policy" if head.policy else "model",
            **head.policy,
        }
        for name, head in simulated.answer.heads.items()
    }


def _precedence(data: Mapping[str, Any]) -> dict[str, Any]:
    """The outcome before breaker and exploration."""
    return {
        "outcome": data.get("initial") or data["outcome"],
        "decided_by": decided_by(data),
    }


def _breaker(simulated: Simulated) -> dict[str, Any]:
    on = simulated.configuration is not None and simulated.configuration.breaker.is_on
    state = simulated.decision.get("breaker", {}).get("state", "closed")
    held = state == "open" and simulated.decision.get("initial", "") == "block"
    return {"on": on, "state": state, "held": held}


def _exploration(simulated: Simulated) -> dict[str, Any]:
    """Whether exploration is on, and what it did if the outcome was a block that it may let through."""
    on = simulated.configuration is not None and simulated.configuration.exploration is not None
    explored = simulated.decision.get("exploration", {})
    return {"on": on, "let_through": was_let_through(explored), **explored}
