"""Model versions ready to predict: their boosters, loaded once per process."""

import functools
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from scoring.explain.prediction import load_booster, predict_margin
from scoring.explain.treeshap import Explainer, explainer_for
from scoring.explain.xgboost_native import xgb
from scoring.registry.artifact import Artifact, HeadSpec, ModelSpec, head_part, unpack_parts
from scoring.registry.model_versions import ModelDescription, find_version, read_artifact
from scoring.registry.text_models import TextModel, text_models

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class LoadedHead:
    """The head of a policy, ready to predict."""

    spec: HeadSpec
    booster: xgb.Booster

    @property
    def thresholds(self) -> dict[str, float]:
        """{"review", "block"}, on its calibrated score."""
        return dict(self.spec.thresholds)

    def predict(self, X: NDArray) -> NDArray[np.float64]:
        """Calibrated scores [n] of the vectors [n, F] of its model, many at once."""
        return self.spec.calibration.score(predict_margin(self.booster, X).astype(np.float64))

    def predict_few(self, X: NDArray) -> NDArray[np.float64]:
        """The same scores by the tables of the explainer, in a fifth of the time for a few vectors."""
        return self.spec.calibration.score(self.explainer.margins(X).astype(np.float64))

    def contributions(self, X: NDArray) -> NDArray[np.float64]:
        """The margins' exact TreeSHAP [n, F + 1], the bias last."""
        return self.explainer.explain(X)[1]

    @functools.cached_property
    def explainer(self) -> Explainer:
        return explainer_for(self.booster)


@dataclass(frozen=True)
class LoadedModel(ModelDescription):
    """A model version ready to predict. XGBoost computes in float32; the results are float64.

    `texts`: the text models that fill in columns of its vectors; `heads`: those of policies, by policy.
    """

    booster: xgb.Booster
    texts: Sequence[TextModel] = ()
    heads: Mapping[str, LoadedHead] = field(default_factory=dict)

    def predict(self, X: NDArray) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(margins [n], calibrated scores [n]) of vectors [n, F] in set order; NaN is a missing value.

        A row's margin does not depend on the rows beside it, so live batches and replay agree to the bit.
        """
        margin = predict_margin(self.booster, X).astype(np.float64)
        return margin, self.spec.calibration.score(margin)

    def explain(self, X: NDArray) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """The results of `predict` and the margins' exact TreeSHAP [n, F + 1], the bias last."""
        narrow, contributions = self.explainer.explain(X)
        margin = narrow.astype(np.float64)
        return margin, self.spec.calibration.score(margin), contributions

    @functools.cached_property
    def explainer(self) -> Explainer:
        """The explainer behind `explain`, created at first use because its tables take time and memory."""
        return explainer_for(self.booster)

    def prepare(self) -> None:
        """Create the explainers of the model and of its heads, so that no event waits for them."""
        explainers = [self.explainer, *(head.explainer for head in self.heads.values())]
        logger.info("%s is explained by %s", self.name, ", ".join(map(str, explainers)))


@functools.lru_cache(maxsize=16)
def load_model(name: str) -> LoadedModel:
    """The model, with its checksum verified; loaded once per process, because versions are immutable.

    Raises UnknownModel, ArtifactMissing, ArtifactCorrupt.
    """
    return _read_model(name, threads=1)


def load_for_bulk(name: str, *, threads: int) -> LoadedModel:
    """The same model on a booster of its own with `threads` threads, for evaluation over many rows."""
    return _read_model(name, threads=threads)


def _read_model(name: str, *, threads: int) -> LoadedModel:
    row = find_version(name)
    artifact = read_artifact(row)
    booster = load_booster(artifact.booster, threads=threads)
    spec = ModelSpec.from_json(artifact.spec)
    return LoadedModel(
        name,
        row.event_type,
        row.feature_set,
        spec,
        booster,
        texts=text_models(spec, artifact),
        heads=_heads(spec, artifact, threads=threads),
    )


def _heads(spec: ModelSpec, artifact: Artifact, *, threads: int) -> dict[str, LoadedHead]:
    parts = unpack_parts(artifact.parts) if spec.heads else {}
    return {
        policy: LoadedHead(head, load_booster(parts[head_part(policy)], threads=threads))
        for policy, head in spec.heads.items()
    }
