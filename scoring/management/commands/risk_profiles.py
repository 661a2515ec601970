"""`manage.py risk_profiles [--view VIEW] [--entity ENTITY]`: entities by risk, or one of them."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from scoring.batch.risk.models import RiskOverride, RiskProfile
from scoring.batch.risk.overrides import find_risk_view, overrides_at, risk_views
from scoring.batch.risk.view import Risk
from scoring.catalog.errors import FieldError
from scoring.errors import ScoringError
from scoring.log import vault
from scoring.management.arguments import integer
from scoring.management.outcomes import (
    add_json_option,
    answer_is_no,
    as_command_error,
    bad_argument,
    write_json,
)
from scoring.timestamps import from_micros, to_iso

DEFAULT_TOP = 20


class Command(BaseCommand):
    help = "Show the entities with the highest risk, or the risk profile of one entity."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--view", help="a risk view, by event type and name; by default all of them")
        parser.add_argument("--entity", help="one entity, as events name it; needs --view")
        parser.add_argument(
            "--top", type=integer(minimum=1), default=DEFAULT_TOP, help="how many entities of each view"
        )
        add_json_option(parser)

    def handle(self, *, view: str | None, entity: str | None, top: int, **options: Any) -> None:
        try:
            chosen = [find_risk_view(view)] if view else list(risk_views().values())
        except ScoringError as error:
            raise as_command_error(error) from error
        if entity and not view:
            raise bad_argument("--entity needs --view, such as --view payment.customer_risk")
        profiles = list(_profiles(chosen, entity, top=top))
        if entity and not profiles:
            raise answer_is_no(f"{chosen[0].key}: {entity!r} has no risk profile")
        if options["json"]:
            write_json(self.stdout, {"profiles": profiles})
        else:
            self.stdout.write("\n".join(map(line_of, profiles)) or "There are no risk profiles yet.")


def _profiles(views: Iterable[Risk], entity: str | None, *, top: int) -> Iterator[dict[str, Any]]:
    now = timezone.now()
    for view in views:
        rows = RiskProfile.objects.filter(view=view.key).order_by("-score", "entity")
        if entity:
            rows = rows.filter(entity=value_of(view, entity))
        overrides = {each.entity: each for each in overrides_at(view.key, now)}
        for row in rows[:top]:
            yield described(row, overrides.get(row.entity))


def value_of(view: Risk, text: str) -> str:
    """How the log names an entity that a user typed. Raises CommandError."""
    field = view.entities[0]
    try:
        value = field.parse(text)
    except FieldError as error:
        raise bad_argument(f"--entity {text!r}: {error}") from error
    return vault.digest_of(field.name, value) if field.personal else value


def described(row: RiskProfile, override: RiskOverride | None) -> dict[str, Any]:
    """A profile as plain values; `override`: None unless it holds."""
    return {
        "view": row.view,
        "entity": row.entity,
        "score": row.score,
        "computed": row.computed,
        "events": row.weight,
        "as_of": to_iso(row.as_of),
        "version": row.version,
        "strongest": [
            {"event_position": position, "score": score, "occurred_at": to_iso(from_micros(at))}
            for position, score, at in row.events
        ],
        "override": _override(override) if override else None,
    }


def _override(override: RiskOverride) -> dict[str, Any]:
    return {
        "score": override.score,
        "until": to_iso(override.expires_at),
        "by": override.set_by,
        "reason": override.reason,
    }


def line_of(profile: dict[str, Any]) -> str:
    """A profile in a line."""
    override = profile["override"]
    set_by = f", set by {override['by']} until {override['until']}" if override else ""
    return (
        f"{profile['view']}  {profile['score']:7.1%}  {profile['entity']}"
        f"  ({profile['events']:.1f} events as of {profile['as_of']}{set_by})"
    )
