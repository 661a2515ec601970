"""Which of the hash banks that an expression names matched events' files when they were decided."""

from collections import defaultdict
from collections.abc import Sequence

from scoring.rules.banks.models import BankMatch
from scoring.rules.expressions.compiling import CompiledExpression
from scoring.rules.expressions.rewriting import ANY_FILE, Lookup
from scoring.rules.rules.trial.decided_events import DecidedEvent


def find_recorded_matches(
    compiled: CompiledExpression, events: Sequence[DecidedEvent]
) -> list[frozenset[Lookup]]:
    """For each event, the (ANY_FILE, bank) of the expression that a decision recorded; in one query."""
    found: dict[int, set[Lookup]] = defaultdict(set)
    if compiled.banks:
        positions = [event.position for event in events]
        rows = BankMatch.objects.filter(event_position__in=positions, bank_name__in=sorted(compiled.banks))
        for position, bank in rows.values_list("event_position", "bank_name"):
            found[position].add((ANY_FILE, bank))
    return [frozenset(found[event.position]) for event in events]
