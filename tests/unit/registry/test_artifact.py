"""Artifacts: what their digest covers, and what text models and heads are stored as."""

import hashlib

import numpy as np
import pytest

from scoring.registry.artifact import Artifact, HeadSpec, ModelSpec, pack_parts, text_part, unpack_parts
from scoring.registry.calibration import Calibration
from scoring.registry.errors import ArtifactCorrupt, NgramsChanged
from scoring.registry.text_models import TextModel, text_models
from scoring.texts.ngram_places import COLUMNS
from scoring.texts.ngrams import ngram_rows


def spec(**extra: object) -> ModelSpec:
    return ModelSpec(
        event_type="comment",
        feature_set="f" * 64,
        features=("text_resemblance",),
        vocabularies={},
        calibration=Calibration(1.0, 0.0),
        thresholds={"review": 0.5, "block": 0.9},
        medians=(None,),
        base_rate=0.5,
        rounds=1,
        extra=extra,
    )


def text_model() -> TextModel:
    weights = np.zeros((COLUMNS, 2))
    weights[ngram_rows(["channel"]).indices, 1] = 1.5
    return TextModel("text", ("", "spam"), weights, np.array([-0.5, -0.25]), {"spam": {"my channel": 1.2}})


def test_without_parts_the_digest_is_that_of_booster_and_spec() -> None:
    content = (3).to_bytes(8, "little") + b"abc" + b"{}"
    assert Artifact(b"abc", "{}").digest == hashlib.sha256(content).hexdigest()


def test_the_packed_artifact_is_what_the_digest_is_over() -> None:
    artifact = Artifact(b"abc", "{}", pack_parts({"text/text": b"123"}))
    assert hashlib.sha256(artifact.packed).hexdigest() == artifact.digest
    assert artifact.packed == (3).to_bytes(8, "little") + b"abc{}\0" + artifact.parts


def test_every_part_counts_for_the_digest() -> None:
    plain = Artifact(b"abc", "{}")
    with_part = Artifact(b"abc", "{}", pack_parts({"text/text": b"123"}))
    other = Artifact(b"abc", "{}", pack_parts({"text/text": b"124"}))
    assert len({plain.digest, with_part.digest, other.digest}) == 3
    with pytest.raises(ArtifactCorrupt):
        other.verify(with_part.digest)


def test_parts_come_out_as_they_went_in_whatever_their_order() -> None:
    parts = {"head/spam": b"\x00\x01", "text/text": b"", "head/scam": b"xyz"}
    assert unpack_parts(pack_parts(parts)) == parts
    assert pack_parts(parts) == pack_parts(dict(reversed(parts.items())))
    assert (pack_parts({}), unpack_parts(b"")) == (b"", {})


def test_a_text_model_survives_its_artifact() -> None:
    model = text_model()
    stored = ModelSpec.from_json(spec(texts={"text": model.described()}).to_json())
    [loaded] = text_models(stored, Artifact(b"", "", pack_parts({text_part("text"): model.packed()})))
    assert loaded.heads == ("", "spam")
    assert loaded.lexicon["spam"] == {"my channel": 1.2}
    texts = ["visit my channel", None, ""]
    np.testing.assert_array_equal(loaded.margins(texts), model.margins(texts))


def test_a_missing_text_is_missing_and_an_empty_one_is_like_nothing_known() -> None:
    margins = text_model().margins([None, "", "channel"])
    assert np.isnan(margins[0]).all()
    assert margins[1].tolist() == [-0.5, -0.25]
    assert margins[2, 1] > 1


def test_margins_do_not_depend_on_the_texts_beside() -> None:
    model, texts = text_model(), ["my channel", "a song", "channel channel"]
    together = model.margins(texts)
    assert together.tobytes() == np.vstack([model.margins([text]) for text in texts]).tobytes()


def test_weights_of_other_n_grams_are_refused_with_what_to_do() -> None:
    described = {**text_model().described(), "scheme": "another"}
    artifact = Artifact(b"", "", pack_parts({text_part("text"): b""}))
    with pytest.raises(NgramsChanged, match="train and promote another model"):
        text_models(spec(texts={"text": described}), artifact)


def test_heads_are_read_from_the_spec() -> None:
    head = {"calibration": {"slope": 2.0, "intercept": 1.0}, "thresholds": {"review": 0.3}}
    stored = spec(heads={"spam": {**head, "base_rate": 0.1, "rounds": 7}})
    assert ModelSpec.from_json(stored.to_json()).heads == {
        "spam": HeadSpec(Calibration(2.0, 1.0), {"review": 0.3}, 0.1, 7)
    }
    assert spec().heads == {}
