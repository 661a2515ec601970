"""Loads what the signals of events need, so that no client waits for it."""

from scoring.catalog.fields import UserAgent
from scoring.catalog.registry import event_types
from scoring.intake.external.source import sources


def warm_up_signals() -> None:
    """Read the installation's lists and the expressions for user agents, and prepare external signals."""
    for kind in event_types().values():
        sources(kind.name)
        for field in kind.fields.values():
            references = field.current_references()
            if isinstance(field, UserAgent):
                field.measure_value("", references)
