"""What the demo shows besides traffic: people with their groups, an experiment, a training under way."""

from datetime import datetime

from django.contrib.auth.models import Group, User

from experiments.design.lifecycle import start_experiment
from scoring.errors import ScoringError
from scoring.learning.jobs.options import JobOptions
from scoring.learning.jobs.requests import request_training
from scoring.learning.models import TrainingJob
from scoring.learning.promotion.gate import approve
from scoring.registry.models import ModelVersion
from scoring.registry.routes import route_of

ADMIN = "admin"
PEOPLE = {"ana": "analyst", "lee": "lead", "dana": "data scientist", "audrey": "auditor"}
ACTOR = "command/demo"


def make_people(password: str) -> None:
    """The administrator, and one person for each group of work; those that exist stay as they are."""
    _make_person(ADMIN, password, is_superuser=True)
    for name, group in PEOPLE.items():
        if person := _make_person(name, password):
            person.groups.add(Group.objects.get(name=group))


def _make_person(name: str, password: str, *, is_superuser: bool = False) -> User | None:
    person, created = User.objects.get_or_create(
        username=name, defaults={"is_staff": True, "is_superuser": is_superuser}
    )
    if created:
        person.set_password(password)
        person.save()
    return person if created else None


def compare_newest_with_champion(event_type: str, *, now: datetime) -> str:
    """Start an experiment of the newest model against the one in charge; gives what came of it, in words."""
    newest = ModelVersion.objects.filter(event_type=event_type).latest("number")
    route = route_of(event_type)
    if route is None or route.champion.model == newest.name:
        return "There are not two models to compare."
    try:
        approve(newest.name, actor=ACTOR, note="for the demo's experiment", now=now)
        start_experiment(
            event_type=event_type,
            treatment=newest.name,
            share=0.5,
            name="newer-labels",
            hypothesis="A model that has seen three more weeks of labels sends fewer payments to review.",
            primary_metric="review_rate",
            actor=ACTOR,
            now=now,
        )
    except ScoringError as error:
        return f"No experiment: {error}"
    return f"Half of the customers are decided by {newest.name}, the others by {route.champion.model}."


def train_a_candidate(event_type: str, *, since: datetime | None, now: datetime) -> None:
    """Ask for a training as the schedule does, unless one was asked for before: a model to approve."""
    if not TrainingJob.objects.exists():
        request_training(
            event_type,
            actor="schedule",
            options=JobOptions(depth=8, since=since),  # not the same model once more
            now=now,
        )
