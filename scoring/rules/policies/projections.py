"""Policies, their versions and their history as tables: how each entry of the ruleset changes a row."""

from scoring.log.entries import Entry
from scoring.log.projections import fold_into, project
from scoring.rules.policies.models import PolicyChange, PolicyInUse, StoredPolicy
from scoring.rules.ruleset.life_cycle_rows import (
    drafted_head,
    drafted_version,
    history_row,
    rejected_head,
    requested_head,
    staged_head,
    staged_version,
)
from scoring.sql.bulk_tables import Row


def policy_key(event_type: str, number: int) -> str:
    return f"{event_type}/{number}"


def type_of(entry: Entry) -> str:
    return str(entry.data["event_type"])


def version_of(entry: Entry) -> str:
    return policy_key(entry.data["event_type"], entry.data["number"])


fold_into("policy.staged", PolicyInUse, key=type_of)(staged_head)
fold_into("policy.activation_requested", PolicyInUse, key=type_of)(requested_head)
fold_into("policy.activation_rejected", PolicyInUse, key=type_of)(rejected_head)
fold_into("policy.staged", StoredPolicy, key=version_of)(staged_version)


@fold_into("policy.drafted", PolicyInUse, key=type_of)
def drafted_policy_in_use(row: Row | None, entry: Entry) -> Row:
    return drafted_head(row, entry, event_type=type_of(entry))


@fold_into("policy.drafted", StoredPolicy, key=version_of)
def drafted_policy(row: Row | None, entry: Entry) -> Row:
    data = entry.data
    own = {"event_type": data["event_type"], "number": data["number"], "mode": data["mode"], "terms": data}
    return drafted_version(entry, key=version_of(entry), **own)


@project("policy.drafted", PolicyChange)
@project("policy.staged", PolicyChange)
@project("policy.activation_requested", PolicyChange)
@project("policy.activation_rejected", PolicyChange)
def change_row(entry: Entry) -> Row:
    return history_row(entry, event_type=type_of(entry))
