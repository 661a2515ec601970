"""Whether this machine can train as a recipe says, by its GPU and its memory."""

from dataclasses import replace

from scoring.catalog.event_type import EventType
from scoring.features.compile.plan import lane_plan
from scoring.free_memory import available_memory
from scoring.intake.models import Event
from scoring.learning.errors import InvalidTraining
from scoring.learning.training.placement.devices import require_device
from scoring.learning.training.recipe import AUTO, DISK, MEMORY, TrainingConfig

GIBIBYTE = 1 << 30
BYTES_A_VALUE = 4  # float32
MAX_SHARE = 0.5  # of the available memory that `auto` fills, since times, labels and metrics need some too


def require_machine(config: TrainingConfig, kind: type[EventType]) -> TrainingConfig:
    """The recipe for this machine and the type's events, with a placement that was chosen where it is `auto`.

    Raises InvalidTraining if this machine cannot train on them by the recipe.
    """
    require_device(config)
    features = len(lane_plan(kind.lane).feature_set(kind.name).names)
    events = Event.objects.filter(type=kind.name).count()
    placed = choose_placement(config, events=events, features=features)
    require_memory(placed, events=events, features=features)
    return placed


def choose_placement(config: TrainingConfig, *, events: int, features: int) -> TrainingConfig:
    """The recipe with memory or disk instead of `auto`: disk for more than half of the available memory."""
    if config.placement != AUTO:
        return config
    needed = memory_needed(config, events=events, features=features)
    return replace(config, placement=MEMORY if needed <= MAX_SHARE * available_memory() else DISK)


def require_memory(config: TrainingConfig, *, events: int, features: int) -> None:
    """Raises InvalidTraining if the vectors and bins of so many events exceed the available memory."""
    if config.placement != MEMORY:
        return
    needed, free = memory_needed(config, events=events, features=features), available_memory()
    if needed > free:
        raise InvalidTraining(
            "placement",
            MEMORY,
            f"possible for {events:,} events of {features} features: they need {needed / GIBIBYTE:.1f} GiB,"
            f" and {free / GIBIBYTE:.1f} GiB are available; use disk",
        )


def memory_needed(config: TrainingConfig, *, events: int, features: int) -> int:
    """Bytes of the vectors and of the bins that XGBoost keeps of them.

    >>> memory_needed(TrainingConfig(max_bin=256), events=1_000_000, features=60) / 1e6
    300.0
    """
    bins = 1 if config.max_bin <= 256 else 2  # bytes of a bin's number
    return events * features * (BYTES_A_VALUE + bins)
