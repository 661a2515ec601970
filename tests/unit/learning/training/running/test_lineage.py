import grimp

from scoring.learning.training.running.lineage import CODE_ROOMS, code_digest

# What these rooms hold does not change a feature's value or a fitted model: storage, errors, texts, pages.
OTHER_ROOMS = {
    *("admin_kit", "deadlines", "errors", "intervals", "jobs", "lanes", "log", "progress", "signals", "sql"),
    "timestamps",
}
COMPUTING = (
    "scoring.batch.compute.statistics",
    "scoring.features.compile.plan",
    "scoring.features.folding.kernel",
    "scoring.learning.training.fit",
    "scoring.registry.calibration",
)


def test_the_digest_covers_all_code_that_features_and_models_are_computed_by() -> None:
    graph = grimp.build_graph("scoring", cache_dir=None)
    used = {name for module in COMPUTING for name in graph.find_upstream_modules(module)} | set(COMPUTING)
    rooms = {name.split(".")[1] for name in used if name.count(".") >= 1}
    assert rooms - OTHER_ROOMS <= set(CODE_ROOMS)


def test_the_digest_is_a_sha_256_and_the_same_twice() -> None:
    assert len(code_digest()) == 64
    assert code_digest() == code_digest()
