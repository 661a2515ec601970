"""Where Django finds the tables of this app; each is defined in the room that owns it."""

from scoring.admin_kit.models import UserTimeZone
from scoring.admin_kit.row_rules.models import GroupLimits
from scoring.api.models import ApiKey
from scoring.batch.models import BatchVersion
from scoring.batch.risk.models import RiskOverride, RiskProfile
from scoring.catalog.exchange_rates.models import ExchangeRate
from scoring.configuration.models import Configuration
from scoring.content.embeddings.models import KnownText, TextEmbedding, TextJob, TextModel
from scoring.content.media.models import AwaitedMedia, MediaItem, MediaJob
from scoring.decisions.models import Decision, ShadowScore
from scoring.intake.models import Amendment, Event, Label
from scoring.lanes.models import Pending
from scoring.learning.models import (
    EvaluationJob,
    EvaluationProgress,
    StoredGate,
    TrainingJob,
    TrainingProgress,
)
from scoring.learning.policies.sampling.models import DecisionSample, HeadSample
from scoring.log.models import ConsumerCursor, LogEntry, LogEpoch, VaultItem
from scoring.registry.models import (
    FeatureSetVersion,
    HeldOutSample,
    ModelAnalysis,
    ModelArtifact,
    ModelVersion,
    Route,
)
from scoring.replay.models import AspectConsistency, FeatureConsistency, LaneCheckpoint, SampledState
from scoring.rules.backtest.models import BacktestJob, BacktestProgress
from scoring.rules.banks.models import Bank, BankItem, BankMatch
from scoring.rules.breaker.models import BreakerChange, BreakerState, StoredBreakerSettings
from scoring.rules.exploration.models import StoredExploration
from scoring.rules.lists.models import ListedValue, ListImport, ListImportPart, ValueList
from scoring.rules.policies.models import PolicyChange, PolicyInUse, StoredPolicy
from scoring.rules.quality.models import DecidedDay, RuleDay, RuleHit, RuleOverlap
from scoring.rules.rules.models import Rule, RuleChange, RuleSuppression, StoredRuleVersion
from scoring.rules.rules_only.models import RulesOnlySwitch

__all__ = [
    "Amendment",
    "ApiKey",
    "AspectConsistency",
    "AwaitedMedia",
    "BacktestJob",
    "BacktestProgress",
    "Bank",
    "BankItem",
    "BankMatch",
    "BatchVersion",
    "BreakerChange",
    "BreakerState",
    "Configuration",
    "ConsumerCursor",
    "DecidedDay",
    "Decision",
    "DecisionSample",
    "EvaluationJob",
    "EvaluationProgress",
    "Event",
    "ExchangeRate",
    "FeatureConsistency",
    "FeatureSetVersion",
    "GroupLimits",
    "HeadSample",
    "HeldOutSample",
    "KnownText",
    "Label",
    "LaneCheckpoint",
    "ListImport",
    "ListImportPart",
    "ListedValue",
    "LogEntry",
    "LogEpoch",
    "MediaItem",
    "MediaJob",
    "ModelAnalysis",
    "ModelArtifact",
    "ModelVersion",
    "Pending",
    "PolicyChange",
    "PolicyInUse",
    "RiskOverride",
    "RiskProfile",
    "Route",
    "Rule",
    "RuleChange",
    "RuleDay",
    "RuleHit",
    "RuleOverlap",
    "RuleSuppression",
    "RulesOnlySwitch",
    "SampledState",
    "ShadowScore",
    "StoredBreakerSettings",
    "StoredExploration",
    "StoredGate",
    "StoredPolicy",
    "StoredRuleVersion",
    "TextEmbedding",
    "TextJob",
    "TextModel",
    "TrainingJob",
    "TrainingProgress",
    "UserTimeZone",
    "ValueList",
    "VaultItem",
]
