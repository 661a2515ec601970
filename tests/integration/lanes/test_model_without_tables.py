"""A model whose trees are too deep for tables decides like any other, explained by XGBoost."""

from dataclasses import fields
from datetime import UTC, datetime
from io import StringIO

import numpy as np
import pytest
import xgboost as xgb
from django.core.management import call_command

from scoring.decisions.models import Decision
from scoring.explain.treeshap import LibraryExplainer
from scoring.registry.artifact import Artifact
from scoring.registry.loaded_models import load_model
from scoring.registry.model_versions import Registration, register_model
from scoring.registry.models import ModelArtifact, ModelVersion
from tests.factories.models import promote, train_small_models
from tests.factories.payments import payments

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_model_without_tables_decides_and_is_replayed_to_the_bit(
    online_redis, settings, tmp_path, send, work
):
    settings.VAR_DIR = tmp_path / "var"
    [small] = train_small_models(15)
    deep = register_deep_model(small)
    assert isinstance(load_model(deep).explainer, LibraryExplainer)
    promote(deep)
    send(payments(50))
    work()
    assert list(Decision.objects.values_list("basis", "model")) == [("model", deep)] * 50
    replayed = StringIO()
    call_command("replay", stdout=replayed)
    assert "100 %" in replayed.getvalue()


def register_deep_model(like: str) -> str:
    """Register a version with deep trees grown on noise, otherwise a copy of the version `like`."""
    version = ModelVersion.objects.get(name=like)
    stored = ModelArtifact.objects.get(digest=version.artifact)
    width = len(load_model(like).spec.features)
    rng = np.random.default_rng(0)
    noise = xgb.DMatrix(rng.normal(size=(3_000, width)), label=rng.integers(0, 2, 3_000))
    settings = {"objective": "binary:logistic", "max_depth": 25, "base_score": 0.5, "min_child_weight": 0.1}
    booster = xgb.train(settings, noise, num_boost_round=8)
    artifact = Artifact(bytes(booster.save_raw("ubj")), stored.spec)
    copied = [field.name for field in fields(Registration) if hasattr(version, field.name)]
    registration = Registration(**{name: getattr(version, name) for name in copied})
    return register_model(registration, artifact=artifact, actor="tests", now=datetime.now(UTC))
