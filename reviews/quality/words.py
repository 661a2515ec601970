"""Quality checks in words."""

from reviews.quality.settings import GOLDEN, SECOND, QualitySettings
from scoring.admin_kit.formatting import percent_text


def settings_text(settings: QualitySettings) -> str:
    """Settings in one line: "second reviews of 5 % of verdicts; golden items in 2 % of claims"."""
    second, golden = settings.share(SECOND), settings.share(GOLDEN)
    parts = []
    if second:
        parts.append(f"second reviews of {percent_text(second)} of verdicts")
    if golden:
        source = "agreed and chosen cases" if settings.golden_from_agreed else "chosen cases"
        told = "told" if settings.tell_missed else "not told"
        parts.append(f"golden items in {percent_text(golden)} of claims, from {source}, misses {told}")
    return "; ".join(parts) or "none"
