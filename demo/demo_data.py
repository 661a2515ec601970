"""The demo's data besides traffic: users with their groups, an experiment, a training job."""

from datetime import datetime

from django.contrib.auth.models import Group, User

from experiments.design.lifecycle import start_experiment
from scoring.errors import ScoringError
from scoring.learning.jobs.options import JobOptions
from scoring.learning.jobs.trainings import request_training
from scoring.learning.models import TrainingJob
from scoring.learning.promotion.gate import approve
from scoring.learning.training.recipe import TrainingConfig
from scoring.registry.models import ModelVersion
from scoring.registry.routes import route_of

ADMIN = "admin"
USERS = {"ana": "analyst", "lee": "lead", "dana": "data scientist", "audrey": "auditor"}
ACTOR = "command/demo"


def create_users(password: str) -> None:
    """Create the administrator and one user per group; existing users are not changed."""
    _create_user(ADMIN, password, is_superuser=True)
    for name, group in USERS.items():
        if person := _create_user(name, password):
            person.groups.add(Group.objects.get(name=group))


def _create_user(name: str, password: str, *, is_superuser: bool = False) -> User | None:
    person, created = User.objects.get_or_create(
        username=name, defaults={"is_staff": True, "is_superuser": is_superuser}
    )
    if created:
        person.set_password(password)
        person.save()
    return person if created else None


def compare_newest_with_champion(event_type: str, *, now: datetime) -> str:
    """Start an experiment of the newest model against the champion. Returns a sentence about the result."""
    newest = ModelVersion.objects.filter(event_type=event_type).latest("number")
    route = route_of(event_type)
    if route is None or route.champion.model == newest.name:
        return "There is no second model to compare with the champion."
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
        return f"No experiment was started: {error}"
    return f"{newest.name} decides for half of the customers, {route.champion.model} for the others."


def request_candidate(event_type: str, *, since: datetime | None, now: datetime) -> None:
    """Request a training as the schedule would, unless there has been one: a candidate to approve."""
    if not TrainingJob.objects.exists():
        request_training(
            event_type,
            actor="schedule",
            options=JobOptions(since=since, config=TrainingConfig(depth=8)),  # unlike the other models
            now=now,
        )
