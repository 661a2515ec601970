"""What an event likely breaks: the queue of that policy, and whether looking at the event may harm."""

from collections.abc import Mapping, Sequence
from typing import Any

from scoring.catalog.policies import Policy
from scoring.catalog.registry import event_type
from scoring.intake.answers import current_version
from scoring.log.entries import Entry
from scoring.log.read import read_streams

NSFW = "nsfw"  # the signal of attachments: the probability of sexual content
MIN_NSFW = 0.3  # rather one case too many is blurred
SEVERE = ("review", "block")


def sensitive_streams(decisions: Sequence[Entry]) -> set[str]:
    """The streams of these decisions whose events are sensitive; only types with policies have any."""
    policed = [entry for entry in decisions if event_type(entry.data["event_type"]).policies]
    if not policed:
        return set()
    streams = read_streams(sorted({entry.stream for entry in policed}))
    return {
        entry.stream
        for entry in policed
        if is_sensitive(entry.data, current_version(streams[entry.stream]).data)
    }


def is_sensitive(decision: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    """Whether a decision finds a sensitive policy broken, or the event's media are likely sexual."""
    policies = {policy.name: policy for policy in event_type(decision["event_type"]).policies}
    found = decision.get("policies") or {}
    if any(
        name in policies and policies[name].sensitive and head.get("outcome") in SEVERE
        for name, head in found.items()
    ):
        return True
    signals = event.get("signals", {})
    return any(
        column.rpartition(".")[2] == NSFW and isinstance(value, (int, float)) and value >= MIN_NSFW
        for column, value in signals.items()
    )


def queue_of(decision: Mapping[str, Any]) -> str:
    """The queue of the policy that the decision finds likeliest broken; "" for none."""
    policy = likeliest_policy(decision)
    return (policy.queue or policy.name) if policy else ""


def likeliest_policy(decision: Mapping[str, Any]) -> Policy | None:
    """The policy with the highest score among those that the decision finds broken, None without any."""
    found = decision.get("policies") or {}
    policies = [each for each in event_type(decision["event_type"]).policies if each.name in found]
    likely = [each for each in policies if found[each.name].get("outcome") in SEVERE]
    return max(likely, key=lambda each: found[each.name].get("score") or 0.0, default=None)
