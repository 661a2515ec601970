"""Reads what a model card is made of: the version, its stage, and its history from the log."""

from datetime import datetime

from scoring.learning.cards.card import CardFacts, ModelCard, make_card
from scoring.learning.heads.table import policy_rows
from scoring.learning.noise.double_reviews import count_double_reviews
from scoring.learning.pages.history import history_of
from scoring.learning.pages.lineage import lineage_rows
from scoring.learning.pages.slice_tables import slice_tables
from scoring.learning.pages.thresholds.table import threshold_rows
from scoring.learning.promotion.stages import stage_of
from scoring.log.read import read_streams
from scoring.registry.model_versions import find_analysis, find_version
from scoring.registry.routes import route_of


def read_card(name: str, *, now: datetime) -> ModelCard:
    """The card of a model version. Raises UnknownModel."""
    version = find_version(name)
    own, route = f"model/{name}", f"route/{version.event_type}"
    found = read_streams([own, route])
    past = found.get(route, [])
    facts = CardFacts(
        stage=stage_of(version, route_of(version.event_type), past).text,
        lineage=lineage_rows(version),
        history=history_of(version, found.get(own, []), past),
        policies=[
            (row.title, f"{row.positives:,.0f} / {row.rows:,.0f}", row.average_precision, row.chance)
            for row in policy_rows(version)
        ],
        slices=slice_tables(find_analysis(name).slices),
        thresholds=threshold_rows(version),
        double_reviews=count_double_reviews(version.event_type, now=now),
    )
    return make_card(version, facts, now=now)
