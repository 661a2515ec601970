"""Reads two model versions with what their rows do not hold, to compare them."""

from collections.abc import Iterable

from scoring.learning.cards.differences import DifferenceSection, VersionFacts, version_differences
from scoring.registry.artifact import ModelSpec
from scoring.registry.model_versions import find_version
from scoring.registry.models import FeatureSetVersion, ModelArtifact, ModelVersion


def compare_versions(before: str, after: str) -> list[DifferenceSection]:
    """What differs between two versions. Raises UnknownModel."""
    versions = [find_version(name) for name in (before, after)]
    first, second = read_facts(versions)
    return version_differences(first, second)


def read_facts(versions: Iterable[ModelVersion]) -> list[VersionFacts]:
    """The facts of versions, in their order, in two queries."""
    versions = list(versions)
    stored = ModelArtifact.objects.filter(digest__in=[each.artifact for each in versions])
    specs = {digest: ModelSpec.from_json(spec) for digest, spec in stored.values_list("digest", "spec")}
    sets = FeatureSetVersion.objects.in_bulk([str(each.lineage.get("declared_set", "")) for each in versions])
    return [
        _facts(each, specs.get(each.artifact), sets.get(str(each.lineage.get("declared_set", ""))))
        for each in versions
    ]


def _facts(version: ModelVersion, spec: ModelSpec | None, declared: FeatureSetVersion | None) -> VersionFacts:
    names = spec.features if spec else tuple(each["name"] for each in version.reference.get("features", ()))
    digests = {each["name"]: each["digest"] for each in declared.features} if declared else {}
    features = {name: digests.get(name, "") for name in names}
    return VersionFacts(version, dict(spec.thresholds) if spec else None, features)
