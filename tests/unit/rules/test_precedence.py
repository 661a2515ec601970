"""Which of lists, rules and policy decides. tests/contract has the complete table."""

import pytest

from scoring.rules.deciding.precedence import Finding, Resolution, explored, held_by_breaker, resolve

OUTCOMES = ("allow", "challenge", "review", "block")


def listed(outcome: str) -> Finding:
    return Finding("list", f"{outcome} list", 1, outcome, "LISTED", "It is on a list")


def banked(outcome: str) -> Finding:
    return Finding(
        "bank", f"{outcome} bank", 1, outcome, "BANKED", "It is known", media="m", distance=3, item=9
    )


def rule(outcome: str, *, stage: str = "active", overrides_lists: bool = False) -> Finding:
    name = f"{outcome} rule"
    return Finding("rule", name, 1, outcome, "RULE", "A rule", stage=stage, overrides_lists=overrides_lists)


@pytest.mark.parametrize(
    ("base", "findings", "outcome", "decided_by"),
    [
        pytest.param("review", [], "review", "model", id="without findings the model decides"),
        pytest.param("allow", [listed("block")], "block", "list", id="a block list blocks"),
        pytest.param("block", [listed("allow")], "allow", "list", id="an allow list overrides the model"),
        pytest.param("allow", [listed("allow"), rule("block")], "allow", "list", id="and every rule"),
        pytest.param("allow", [listed("allow"), listed("block")], "block", "list", id="but no block list"),
        pytest.param("allow", [listed("review")], "review", "list", id="a watch list raises to review"),
        pytest.param("block", [listed("review")], "block", "model", id="and lowers nothing"),
        pytest.param("allow", [listed("")], "allow", "model", id="a tag asks for nothing"),
        pytest.param("allow", [banked("block")], "block", "bank", id="a bank that blocks blocks"),
        pytest.param(
            "allow", [listed("allow"), banked("block")], "block", "bank", id="over an allow list too"
        ),
        pytest.param(
            "allow", [banked("block"), listed("block")], "block", "list", id="lists are named first"
        ),
        pytest.param("allow", [banked("challenge")], "challenge", "bank", id="a bank raises to its outcome"),
        pytest.param(
            "allow", [listed("allow"), banked("review")], "allow", "list", id="not over an allow list"
        ),
        pytest.param("block", [banked("")], "block", "model", id="a bank of tags asks for nothing"),
        pytest.param("allow", [rule("challenge")], "challenge", "rule", id="a rule raises"),
        pytest.param("block", [rule("review")], "block", "model", id="a milder rule lowers nothing"),
        pytest.param("block", [rule("allow")], "allow", "rule", id="an allow rule overrides the model"),
        pytest.param("block", [rule("allow"), rule("review")], "review", "rule", id="but no stricter rule"),
        pytest.param("block", [rule("allow"), listed("review")], "review", "list", id="nor a watch list"),
        pytest.param("allow", [rule("block", stage="shadow")], "allow", "model", id="a shadow only watches"),
        pytest.param(
            "block",
            [listed("block"), rule("allow", overrides_lists=True)],
            "allow",
            "rule",
            id="a rule over lists overrides a block list",
        ),
    ],
)
def test_precedence(base: str, findings: list[Finding], outcome: str, decided_by: str) -> None:
    resolution = resolve(base, by="model", findings=findings, outcomes=OUTCOMES)
    assert (resolution.outcome, resolution.decided_by) == (outcome, decided_by)


def test_only_blocks_of_rules_and_models_can_be_stopped() -> None:
    def stoppable(base: str, *findings: Finding) -> bool:
        return resolve(base, by="model", findings=findings, outcomes=OUTCOMES).stoppable

    assert stoppable("block")
    assert stoppable("allow", rule("block"))
    assert not stoppable("allow", listed("block"))
    assert not stoppable("allow", banked("block"))
    assert not stoppable("review")


def test_the_breaker_and_exploration_keep_the_initial_outcome() -> None:
    block = Resolution("block", "rule", stoppable=True)
    assert held_by_breaker(block) == Resolution("review", "rule", initial="block")
    assert explored(block) == Resolution("allow", "rule", initial="block")


def test_a_decision_records_what_is_known_of_a_finding() -> None:
    assert rule("block").as_data() == {
        "kind": "rule",
        "name": "block rule",
        "number": 1,
        "stage": "active",
        "outcome": "block",
        "code": "RULE",
        "text": "A rule",
    }
    assert banked("block").as_data() == {
        **rule("block").as_data(),
        "kind": "bank",
        "name": "block bank",
        "code": "BANKED",
        "text": "It is known",
        "media": "m",
        "distance": 3,
        "item": 9,
    }
    assert rule("allow", overrides_lists=True).as_data()["overrides_lists"] is True
