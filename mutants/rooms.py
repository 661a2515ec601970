"""The rooms for mutation testing: code and the tests that guard it."""

from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Room:
    """`code` and `tests` are path patterns below the project; `without` excludes files of `code`."""

    code: tuple[str, ...]
    tests: tuple[str, ...]
    without: tuple[str, ...] = ()

    def files(self, project: Path) -> list[str]:
        found = {str(path.relative_to(project)) for pattern in self.code for path in project.glob(pattern)}
        return sorted(
            path
            for path in found
            if "/migrations/" not in path and not any(fnmatch(path, out) for out in self.without)
        )


ROOMS = {
    "log": Room(("scoring/log/**/*.py", "scoring/sql/*.py"), ("tests/unit/log", "tests/integration/log")),
    "decisions": Room(
        (
            *(
                f"scoring/{room}/*.py"
                for room in (
                    "decisions",
                    "decisions/predictions",
                    "intake",
                    "lanes",
                    "signals",
                    "states",
                    "runner",
                )
            ),
            "scoring/decisions/predictions/*.py",
            "scoring/lanes/*.sql",
        ),
        (
            "tests/unit/decisions",
            "tests/unit/intake",
            "tests/unit/lanes",
            "tests/unit/signals",
            "tests/unit/runner",
            "tests/integration/lanes",
            "tests/integration/api",
            "tests/integration/log/test_rebuild.py",
            "tests/integration/monitoring/test_metrics.py",
            "tests/integration/config/test_health.py",
        ),
    ),
    "rules": Room(
        tuple(
            f"scoring/rules/{room}/**/*.py"
            for room in ("deciding", "expressions", "rules", "policies", "exploration", "breaker", "ruleset")
        ),
        (
            "tests/unit/rules",
            "tests/contract/test_precedence_table.py",
            "tests/contract/test_expressions_are_three_valued.py",
            "tests/integration/rules",
            "tests/integration/lanes/test_ruleset_in_lanes.py",
        ),
        without=("*/pages/*", "*/admin.py"),
    ),
    "lists": Room(
        ("scoring/rules/lists/**/*.py",),
        (
            "tests/unit/rules/lists",
            "tests/contract/test_lists_in_memory_equal_the_database.py",
            "tests/integration/rules/test_changing_lists.py",
            "tests/integration/rules/test_list_imports.py",
            "tests/integration/rules/test_list_lookup.py",
            "tests/integration/lanes/test_ruleset_in_lanes.py",
        ),
        without=("*/pages/*", "*/admin.py"),
    ),
    "backtests": Room(
        ("scoring/rules/backtest/**/*.py", "scoring/rules/quality/*.py"),
        (
            "tests/unit/rules/backtest",
            "tests/unit/rules/quality",
            "tests/contract/test_backtest_equals_live.py",
            "tests/integration/rules/backtest",
            "tests/integration/rules/test_rule_quality.py",
        ),
        without=("*/pages/*", "*/admin.py"),
    ),
    "replay": Room(("scoring/replay/**/*.py",), ("tests/unit/replay", "tests/integration/replay")),
    "kernel": Room(
        (
            "scoring/features/folding/kernel.py",
            "scoring/features/folding/encode.py",
            "scoring/features/folding/encode_columns.py",
            "scoring/features/folding/arena.py",
        ),
        (
            "tests/unit/features/test_encode.py",
            "tests/unit/features/test_kernel_rules.py",
            "tests/contract/test_feature_reference.py",
            "tests/contract/test_several_accounts.py",
            "tests/contract/test_columns_equal_items.py",
            "tests/contract/test_parallel_fold.py",
        ),
    ),
    "explain": Room(
        ("scoring/explain/*.py",),
        (
            "tests/unit/explain",
            "tests/contract/test_tree_shap.py",
            "tests/contract/test_contributions_equal_shap.py",
            "tests/integration/reviews/test_explained_decisions.py",
        ),
    ),
    "images": Room(
        ("scoring/images/*.py",),
        (
            "tests/unit/images",
            "tests/contract/test_pdq_equals_published.py",
            "tests/contract/test_video_hashes_equal_published.py",
        ),
    ),
    "learning": Room(
        ("scoring/learning/**/*.py", "scoring/registry/*.py"),
        (
            "tests/unit/learning",
            "tests/unit/registry",
            "tests/integration/learning/test_training.py",
            "tests/integration/learning/test_training_windows.py",
            "tests/integration/learning/test_training_gate.py",
            "tests/integration/learning/test_training_jobs.py",
            "tests/integration/learning/test_training_routes.py",
            "tests/integration/lanes/test_feature_sets.py",
        ),
        without=("*/admin.py", "*/pages/*"),
    ),
    "experiments": Room(
        ("experiments/**/*.py",),
        (
            "tests/unit/experiments",
            "tests/contract/test_experiment_statistics.py",
            "tests/integration/experiments",
        ),
        without=("*/pages/*", "*/apps.py"),
    ),
    "monitoring": Room(
        ("monitoring/**/*.py",),
        (
            "tests/unit/monitoring",
            "tests/integration/monitoring",
            "tests/integration/monitoring/test_metrics.py",
            "tests/integration/batch_online/test_values_in_decisions.py",
        ),
        without=("*page.py", "*pages.py", "*/feature_pages/*", "*/admin.py", "*/apps.py"),
    ),
    "reviews": Room(
        ("reviews/**/*.py",),
        ("tests/unit/reviews", "tests/integration/reviews"),
        without=("*/pages/*", "*/admin.py", "*/apps.py"),
    ),
}
