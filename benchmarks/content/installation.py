"""The installation of the content benchmark: a community's history, a model with all heads, a bank, a key."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np

from benchmarks.content.files import KNOWN, known_picture
from benchmarks.content.texts import TextWriter
from benchmarks.installation import SLICES, SOURCE, check_replay, now, seconds_of, start_services
from benchmarks.rules import CHANGES_AT_ONCE, batched
from demo.community.days import simulate_community
from demo.community.members import make_community
from demo.community.traffic import split_by_type
from scoring.images.hashes import hash_text
from scoring.images.pdq import pdq
from scoring.ingest.imports import ingest_frame
from scoring.intake.models import Event
from scoring.learning.promotion.gate import approve
from scoring.learning.promotion.promote import promote
from scoring.learning.training.recipe import TrainingConfig, TrainingRequest
from scoring.learning.training.runs import run_training
from scoring.log.consumers.runs import run_consumers
from scoring.registry.loaded_models import load_model
from scoring.registry.models import Route
from scoring.rules.banks.changing.defining import drafted_bank
from scoring.rules.banks.changing.items import CheckedItem
from scoring.rules.banks.definitions import ADDED, DEFINED
from scoring.rules.banks.models import MAX_ITEMS
from scoring.rules.ruleset.stream import Change, append_changes, current_version
from scoring.states.history import sequence_history

EVENT_TYPE, LANE, BANK = "content", "community", "known_pictures"
SEED = 1
HASHES = 1_000_000
DAYS, POSTS_PER_DAY = 30, 100
PAST_CHARACTERS = 150  # of a text of the history: the time to learn its n-grams is not measured here
TREES = 200
THRESHOLDS = (
    ("review", 0.5),
    ("block", 0.9),
)  # stated: to choose them, all heads grow five times more


def set_up(*, hashes: int = HASHES, days: int = DAYS) -> dict[str, float]:
    """Set up what is missing, with all consumers at the end of the log. Returns the seconds of each step."""
    return {
        "set_up_services_s": seconds_of(start_services),
        "set_up_history_s": seconds_of(lambda: Event.objects.exists() or load_history(days)),
        "set_up_model_s": seconds_of(lambda: is_routed() or train_champion()),
        "set_up_bank_s": seconds_of(lambda: current_version() or store_bank(hashes)),
        "set_up_consumers_s": seconds_of(lambda: run_consumers(now=now())),
        "set_up_check_s": seconds_of(lambda: check_replay(LANE)),
    }


def is_routed() -> bool:
    return Route.objects.filter(event_type=EVENT_TYPE).exists()


def load_history(days: int) -> None:
    """Posts with their labels, accounts and reports; each post begins as one of the demo's."""
    end, writer = now() - timedelta(minutes=1), TextWriter(SEED, characters=PAST_CHARACTERS)
    frame = simulate_community(make_community(seed=SEED), days=days, end=end, rate=POSTS_PER_DAY)
    written = (frame.type == EVENT_TYPE) & frame.text.notna()
    frame.loc[written, "text"] = [writer.write(text) for text in frame.loc[written, "text"]]
    for column, missing in (("label", None), ("policies", None), ("label_known_at", None)):
        frame.loc[frame.label_known_at > end, column] = missing
    for mapping, part in split_by_type(frame, source=SOURCE):
        ingest_frame(part, mapping=mapping, history=True, now=now())
    sequence_history(LANE)


def train_champion() -> None:
    """A model with a head for every policy; its quality does not matter here, its size does."""
    request = TrainingRequest(EVENT_TYPE, as_of=now(), matures_after=timedelta(days=2))
    config = TrainingConfig(
        trees=TREES,
        learning_rate=0.02,
        min_child_weight=0.1,
        patience=TREES,
        minimum_positives=1,
        shares=SLICES,
        explicit_thresholds=THRESHOLDS,
    )
    name = run_training(request, config=config, actor="benchmark", now=now()).name
    approve(name, actor="user/benchmark", note="for a benchmark", forced=True, now=now())
    promote(name, actor="user/benchmark", now=now())


def store_bank(hashes: int) -> None:
    """A bank of the known pictures and of random hashes, `hashes` in all."""
    definition = drafted_bank(name=BANK, title="Known pictures", action="block")
    changes = [Change(DEFINED, definition.as_data()), *_items(hashes)]
    for part in batched(changes, CHANGES_AT_ONCE):
        append_changes(part, actor="user/benchmark", now=datetime.now(UTC))


def _items(hashes: int) -> Iterator[Change]:
    texts = [_hash_of_known(number) for number in range(KNOWN)]
    octets = np.random.default_rng(SEED).bytes(32 * (hashes - KNOWN))
    texts += [octets[start : start + 32].hex() for start in range(0, len(octets), 32)]
    for start in range(0, hashes, MAX_ITEMS):
        items = [_item(text) for text in texts[start : start + MAX_ITEMS]]
        yield Change(ADDED, {"bank": BANK, "items": items})


def _hash_of_known(number: int) -> str:
    return hash_text(pdq(np.asarray(known_picture(number))).hash)


def _item(text: str) -> dict[str, object]:
    return CheckedItem(
        hash=text, quality=100, source="benchmark", reason="bench", expires_at=None, tags=(), media=""
    ).as_data()


def describe_champion() -> dict[str, int]:
    """The heads of the deciding model and its trees, all heads together."""
    arms = Route.objects.get(event_type=EVENT_TYPE).arms
    model = load_model(next(arm["model"] for arm in arms if arm["role"] == "champion"))
    boosters = [model.booster, *(head.booster for head in model.heads.values())]
    return {
        "model_heads": len(boosters),
        "model_trees": sum(each.num_boosted_rounds() for each in boosters),
    }
