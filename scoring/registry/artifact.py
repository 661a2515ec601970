"""A model as bytes: XGBoost's UBJSON, canonical JSON and further parts, identified by one checksum of all.

No pickles. Parts are what only some models have: the boosters of policies, and the weights of text models.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import orjson

from scoring.registry.calibration import Calibration
from scoring.registry.errors import ArtifactCorrupt

FORMAT = 1


@dataclass(frozen=True)
class HeadSpec:
    """The parts of a policy's head that its booster does not contain."""

    calibration: Calibration
    thresholds: Mapping[str, float]
    base_rate: float
    rounds: int

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "HeadSpec":
        """The head from what `asdict` made of it."""
        return cls(**{**data, "calibration": Calibration(**data["calibration"])})


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

    @property
    def heads(self) -> dict[str, HeadSpec]:
        """The heads of policies, by policy."""
        return {name: HeadSpec.from_data(data) for name, data in self.extra.get("heads", {}).items()}

    @property
    def texts(self) -> dict[str, dict[str, Any]]:
        """What is stored of the text models beside their weights, by field (see `text_models`)."""
        return dict(self.extra.get("texts", {}))

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
    """The bytes of a model as stored. `parts`: packed by `pack_parts`; empty for most models."""

    booster: bytes
    spec: str
    parts: bytes = b""

    @property
    def digest(self) -> str:
        """SHA-256 in hex over the booster's length (8 bytes, little-endian), the booster and the spec.

        If there are parts, a zero byte, which no spec contains, and the parts follow.
        """
        return hashlib.sha256(self.packed).hexdigest()

    @property
    def packed(self) -> bytes:
        """The artifact as one file: exactly the bytes that the digest is over."""
        length = len(self.booster).to_bytes(8, "little")
        separator = b"\0" if self.parts else b""
        return b"".join([length, self.booster, self.spec.encode(), separator, self.parts])

    @property
    def size(self) -> int:
        """The number of bytes of the artifact as one file."""
        return len(self.packed)

    def verify(self, digest: str) -> "Artifact":
        """Itself, if these bytes are the ones named `digest`. Raises ArtifactCorrupt."""
        if self.digest != digest:
            raise ArtifactCorrupt(digest=digest, actual=self.digest)
        return self


def head_part(policy: str) -> str:
    """The name of the part with the booster of a policy's head."""
    return f"head/{policy}"


def text_part(field_name: str) -> str:
    """The name of the part with the weights of a field's text model."""
    return f"text/{field_name}"


def pack_parts(parts: Mapping[str, bytes]) -> bytes:
    """Named parts as one: the length of a JSON header (8 bytes, little-endian), the header, and the parts.

    They are in order of their names. No parts are no bytes.

    >>> unpack_parts(pack_parts({"b": b"22", "a": b"1"}))
    {'a': b'1', 'b': b'22'}
    """
    if not parts:
        return b""
    header = orjson.dumps([[name, len(parts[name])] for name in sorted(parts)])
    return b"".join([len(header).to_bytes(8, "little"), header, *(parts[name] for name in sorted(parts))])


def unpack_parts(packed: bytes) -> dict[str, bytes]:
    """The named parts from the result of `pack_parts`."""
    if not packed:
        return {}
    place = 8 + int.from_bytes(packed[:8], "little")
    parts = {}
    for name, length in orjson.loads(packed[8:place]):
        parts[name] = packed[place : place + length]
        place += length
    return parts
