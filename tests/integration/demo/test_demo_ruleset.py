"""The lists, rules, policy and exploration that the demo begins with."""

import io
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from django.utils import timezone
from PIL import Image

from demo.community.pictures import picture_bytes
from demo.community_ruleset import BANK, configure_community
from demo.demo_ruleset import FRAUDS_OF_WATCHED_MERCHANT, configure_deciding
from scoring.batch.risk.models import RiskOverride
from scoring.images.pdq import pdq
from scoring.intake.labels import LabelStatement, record_labels
from scoring.intake.receive import receive_events
from scoring.rules.banks.models import BankItem
from scoring.rules.banks.search.hits import MediaHashes
from scoring.rules.banks.search.loading import load_banks
from scoring.rules.breaker.changing import settings_of
from scoring.rules.exploration.changing import exploration_of
from scoring.rules.lists.models import ListedValue, ValueList
from scoring.rules.policies.models import StoredPolicy
from scoring.rules.rules.models import StoredRuleVersion
from scoring.rules.ruleset.stream import current_version
from tests.factories.payments import payments

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_demo_has_two_lists_seven_rules_a_policy_by_cost_and_exploration() -> None:
    configure_deciding(now=timezone.now())
    assert dict(ValueList.objects.values_list("name", "action")) == {
        "fraud_devices": "block",
        "watched_merchants": "watch",
    }
    stages = list(StoredRuleVersion.objects.values_list("stage", flat=True))
    assert sorted(stages) == ["active"] * 6 + ["shadow"]
    assert StoredPolicy.objects.get(stage="active").terms["mode"] == "cost"
    exploration = exploration_of("payment")
    assert exploration is not None
    assert exploration.share == 0.01
    assert settings_of("payment").min_events == 150


def test_what_is_configured_is_kept_when_the_demo_starts_again() -> None:
    configure_deciding(now=timezone.now())
    version = current_version()
    configure_deciding(now=timezone.now() + timedelta(days=1))
    assert current_version() == version


def test_devices_and_merchants_of_confirmed_fraud_are_listed(online_redis: object) -> None:
    now = timezone.now()
    frauds = payments(FRAUDS_OF_WATCHED_MERCHANT, device="dev-stranger", merchant="m-collusion")
    receive_events(frauds, source="demo", now=now)
    labels = [LabelStatement("payment", each.parsed.external_id, "fraud", "chargeback") for each in frauds]
    record_labels(labels, source="demo", now=now)
    configure_deciding(now=timezone.now() + timedelta(seconds=1))
    listed = set(ListedValue.objects.values_list("list_name", "value"))
    assert listed == {("fraud_devices", "dev-stranger"), ("watched_merchants", "m-collusion")}
    override = RiskOverride.objects.get()
    assert (override.view, override.entity) == ("payment.merchant_risk", "m-collusion")


def test_the_community_has_rules_a_policy_and_a_bank_that_finds_edited_pictures() -> None:
    configure_community(history=pd.DataFrame({"picture": [None, 3.0, 8.0, 3.0]}), now=timezone.now())
    stages = StoredRuleVersion.objects.filter(event_type="content").values_list("stage", flat=True)
    assert list(stages) == ["active"] * 6
    assert StoredPolicy.objects.get(event_type="content").stage == "active"
    assert BankItem.objects.count() == 2
    assert settings_of("content").max_share == 0.6
    banks = load_banks(current_version())
    for edit in range(1, 6):
        pixels = np.asarray(Image.open(io.BytesIO(picture_bytes(3, edit))).convert("RGB"))
        found = pdq(pixels)
        media = MediaHashes("m", found.variants, np.full(8, found.quality, dtype=np.int16))
        assert [hit.bank for hit in banks.hits([media], timezone.now(), read_frames=list)] == [BANK]
