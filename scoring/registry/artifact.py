"""A model as bytes: XGBoost's UBJSON and canonical JSON, identified by one checksum of both. No pickles."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import orjson

from scoring.registry.calibration import Calibration
from scoring.registry.errors import ArtifactCorrupt

FORMAT = 1


@dataclass(frozen=True)
class ModelSpec:
    """The parts of a model that its booster does not contain.

    `medians`: of every feature over the training rows (None: always missing), the usual value for an entity
    without history. `vocabularies`: field -> values, frozen at the cut-off; a value's code is its position.
    """

    event_type: str
    feature_set: str
    features: tuple[str, ...]
    vocabularies: Mapping[str, tuple[str, ...]]
    calibration: Calibration
    thresholds: Mapping[str, float]
    medians: tuple[float | None, ...]
    base_rate: float
    rounds: int
    extra: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> str:
        """Canonical JSON: equal specs give equal bytes."""
        return orjson.dumps({"format": FORMAT, **asdict(self)}, option=orjson.OPT_SORT_KEYS).decode()

    @classmethod
    def from_json(cls, text: str) -> "ModelSpec":
        """The spec from the result of `to_json`."""
        data = orjson.loads(text)
        del data["format"]
        data["calibration"] = Calibration(**data["calibration"])
        data["vocabularies"] = {name: tuple(values) for name, values in data["vocabularies"].items()}
        return cls(**data | {"features": tuple(data["features"]), "medians": tuple(data["medians"])})


@dataclass(frozen=True)
class Artifact:
    """The bytes of a model as stored."""

    booster: bytes
    spec: str

    @property
    def digest(self) -> str:
        """SHA-256 in hex over the booster's length (8 bytes, little-endian), the booster and the spec."""
        content = len(self.booster).to_bytes(8, "little") + self.booster + self.spec.encode()
        return hashlib.sha256(content).hexdigest()

    def verify(self, digest: str) -> "Artifact":
        """Itself, if these bytes are the ones named `digest`. Raises ArtifactCorrupt."""
        if self.digest != digest:
            raise ArtifactCorrupt(digest=digest, actual=self.digest)
        return self
