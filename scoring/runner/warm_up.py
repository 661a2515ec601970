"""Prepare a process before its first event, so that no client waits for it."""

import logging
import time

from django.utils import timezone

from scoring.catalog.registry import lane_members, lanes, scored_types
from scoring.decisions.predictions.deciding_models import check_live_models
from scoring.explain import treeshap
from scoring.features.compile.plan import lane_plan
from scoring.features.folding.arena import Arena
from scoring.features.folding.encode import LaneItem, encode
from scoring.features.folding.fold import fold
from scoring.images import hash_index
from scoring.registry.feature_sets import declare_feature_sets
from scoring.registry.loaded_models import load_model
from scoring.rules.deciding.reader import warm_up_ruleset
from scoring.texts import compiling, ngrams

logger = logging.getLogger(__name__)


def warm_up() -> None:
    """Compile the kernels, declare this code's feature sets in the log if they are new, load the deciding
    models with their tables, and read the ruleset with all listed values.

    Raises FeatureSetMissing, ArtifactCorrupt or UnknownModel if a deciding model cannot be used.
    """
    started = time.perf_counter()
    compile_all()
    declare_feature_sets(now=timezone.now())
    models = check_live_models()
    for name in models:
        load_model(name).prepare()
    ruleset = warm_up_ruleset(scored_types())
    seconds = time.perf_counter() - started
    logger.info("warm after %.1f s, models: %s, ruleset: %d", seconds, ", ".join(models) or "none", ruleset)


def compile_all() -> None:
    """Compile the kernels of all lanes, or load them from the cache on disk."""
    for lane in lanes():
        plan = lane_plan(lane)
        items = [
            LaneItem(seq=1, kind="event", type=member.name, occurred_at_us=0, fields={})
            for member in lane_members(lane)
        ]
        batch = encode(plan, items)
        fold(plan, batch, Arena.for_batch(plan, batch))
    treeshap.compile_kernels()
    hash_index.compile_kernels()
    compiling.compile_kernels()
    ngrams.compile_kernels()
