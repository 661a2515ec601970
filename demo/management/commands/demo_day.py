"""Part of `manage.py demo`: train the first models and simulate the day on which they decide."""

from argparse import ArgumentParser
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from demo import demo_data, demo_ruleset, worlds
from demo.community.days import simulate_community
from demo.community.members import make_community
from demo.community_ruleset import configure_community
from demo.day_before import play, publish_due
from demo.demo_reviews import choose_golden_items, configure_reviews
from demo.worlds import CONTENT, PAYMENT
from scoring.errors import ScoringError
from scoring.learning.dataset.split import SplitShares
from scoring.learning.promotion.gate import approve
from scoring.learning.promotion.promote import promote
from scoring.learning.training.recipe import TrainingConfig, TrainingRequest
from scoring.learning.training.runs import run_training
from scoring.management.arguments import read_moment
from scoring.management.bars import StepProgressBars
from scoring.registry.models import Route
from scoring.rules.ruleset.stream import current_version

FIRST_MODEL_AGE = timedelta(days=21)
# Days of a community differ with their campaigns. Two weeks of held-out days show by how much, so that a day
# with two spam waves is not taken for drift of the scores; a tenth of sixty days would be five of them.
COMMUNITY_SHARES = SplitShares(train=0.55, test=0.25)
USUAL = TrainingConfig()
PICTURES_OF_DAYS = 30  # before the last one: their forbidden pictures are in a hash bank


class Command(BaseCommand):
    help = (
        "Used by `manage.py demo` before its processes start: train the first models, simulate the last day."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--since", type=read_moment, required=True, help="start of the simulated period")
        parser.add_argument("--until", type=read_moment, required=True, help="its end")
        parser.add_argument(
            "--learn-from", type=read_moment, required=True, help="earlier events are not used for training"
        )
        parser.add_argument("--source", required=True, help="source of the events")

    def handle(
        self, *, since: datetime, until: datetime, learn_from: datetime, source: str, **options: Any
    ) -> None:
        try:
            if not current_version():
                configure(now=since)  # before the trainings, which measure what the policies would save
            if not Route.objects.filter(event_type=PAYMENT).exists():
                self.train_models(since=learn_from, now=since)
            if not Route.objects.filter(event_type=CONTENT).exists():
                shares = TrainingConfig(shares=COMMUNITY_SHARES)
                introduce(train(CONTENT, as_of=since, now=since, config=shares), now=since)
            self.simulate_period(since=since, until=until, source=source)
            choose_golden_items(now=until)
        except ScoringError as error:
            raise CommandError(str(error)) from error

    def train_models(self, *, since: datetime, now: datetime) -> None:
        """Train a champion on the history up to some weeks ago, and a second model on all of it."""
        publish_due(now=now)
        introduce(train(PAYMENT, since=since, as_of=now - FIRST_MODEL_AGE, now=now), now=now)
        train(PAYMENT, since=since, as_of=now, now=now)
        self.stdout.write(demo_data.compare_newest_with_champion(PAYMENT, now=now))

    def simulate_period(self, *, since: datetime, until: datetime, source: str) -> None:
        played = [
            world(since=since, until=until, source=source) for world in (worlds.payments, worlds.community)
        ]
        total = sum(len(world.messages) for world in played)
        with tqdm(total=total, unit=" events", desc="the last day", leave=False) as bar:
            play(played, since=since, until=until, source=source, progress=bar.update)


def configure(*, now: datetime) -> None:
    """Set up the lists, rules, policies, banks and queues of both worlds."""
    demo_ruleset.configure_deciding(now=now)
    seen = simulate_community(make_community(seed=worlds.SEED), days=PICTURES_OF_DAYS, end=now)
    configure_community(history=seen, now=now)
    configure_reviews(now=now)


def introduce(model: str, *, now: datetime) -> None:
    """Make a model the champion."""
    approve(model, actor=demo_data.ACTOR, note="the demo's first model", now=now)
    promote(model, actor=demo_data.ACTOR, now=now)


def train(
    event_type: str,
    *,
    as_of: datetime,
    now: datetime,
    since: datetime | None = None,
    config: TrainingConfig = USUAL,
) -> str:
    request = TrainingRequest(event_type, as_of=as_of, since=since)
    with StepProgressBars() as bar:
        return run_training(request, config=config, actor="command/train", now=now, watch=bar).name
