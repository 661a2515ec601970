"""Ranking and re-ranking of candidates. Pure functions, no database."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviews.queue.ranking import SAMPLE_LOSS, rank_of
from reviews.queue.stages.candidates import Candidate
from reviews.queue.stages.choosing import why_next
from reviews.queue.stages.ranking import Ranked, label_value, rank, urgency
from reviews.queue.stages.reranking import Placed, Turn, cluster_numbers, is_turn_of, rerank
from reviews.queues.definition import OrderWeights
from tests.factories.log import NOW

HOUR = timedelta(hours=1)
LOSS_ALONE = {"": OrderWeights(loss=1, label=0, age=0)}


def candidate(position: int = 1, **data: Any) -> Candidate:
    return Candidate(
        **{
            "position": position,
            "queue": "",
            "why": "review",
            "score": 0.5,
            "loss": 100.0,
            "opened_at": NOW,
            "due_at": None,
            "linked": frozenset(),
            **data,
        }
    )


def ranked(*candidates: Candidate) -> list[Ranked]:
    """In the order given."""
    return [Ranked(each, -place) for place, each in enumerate(candidates)]


def order(placed: list[Placed]) -> list[int]:
    return [each.ranked.candidate.position for each in placed]


def test_without_the_value_of_labels_cases_are_in_the_order_of_their_stored_rank() -> None:
    cases = [
        candidate(1, loss=10, opened_at=NOW - 20 * HOUR),
        candidate(2, loss=320),
        candidate(3, loss=5, opened_at=NOW - HOUR),
        candidate(4, loss=4_000, opened_at=NOW - 30 * HOUR),
    ]
    weights = {"": OrderWeights(label=0)}

    def stored_rank(case: Candidate) -> float:
        return rank_of(loss=round(case.loss * 100), currency="USD", sampled=False, opened_at=case.opened_at)

    stored = sorted(cases, key=stored_rank, reverse=True)
    assert [each.candidate for each in rank(cases, weights, now=NOW)] == stored


@pytest.mark.parametrize(
    ("case", "value"),
    [
        (candidate(why="sample", score=0.01), SAMPLE_LOSS),
        (candidate(why="uncertain", score=0.3), SAMPLE_LOSS),
        (candidate(why="explored", score=0.9), SAMPLE_LOSS),
        (candidate(score=None), SAMPLE_LOSS),  # no model yet: each label counts fully
        (candidate(score=0.5), SAMPLE_LOSS),
        (candidate(score=1.0), 0.0),
        (candidate(score=0.1), SAMPLE_LOSS * 0.36),
    ],
)
def test_what_a_label_is_worth(case: Candidate, value: float) -> None:
    assert label_value(case) == pytest.approx(value)


def test_no_loss_is_averted_where_the_event_was_let_through() -> None:
    assert urgency(candidate(why="sample", loss=1e6), LOSS_ALONE[""], now=NOW) == 0
    assert urgency(candidate(loss=1e6), LOSS_ALONE[""], now=NOW) > 0


def test_age_counts_against_the_sla() -> None:
    age_alone = OrderWeights(loss=0, label=0, age=1)
    soon = candidate(due_at=NOW + HOUR, opened_at=NOW - HOUR)
    late = candidate(due_at=NOW + 47 * HOUR, opened_at=NOW - HOUR)
    unbound = candidate(opened_at=NOW - HOUR)
    assert urgency(soon, age_alone, now=NOW) == pytest.approx(3)  # half of its time: 3 of 6 doublings
    assert urgency(late, age_alone, now=NOW) == pytest.approx(6 / 48)
    assert urgency(unbound, age_alone, now=NOW) == pytest.approx(6 / 24)  # as if due within a day
    assert urgency(soon, age_alone, now=NOW + HOUR) == pytest.approx(6)


def test_a_weight_of_zero_leaves_a_part_out() -> None:
    assert urgency(candidate(loss=300, score=0.5), OrderWeights(0, 0, 0), now=NOW + HOUR) == 0


def test_cases_without_weights_of_their_queue_are_ranked_by_equal_ones() -> None:
    [only] = rank([candidate(queue="gone")], {"large": OrderWeights(0, 0, 0)}, now=NOW)
    assert only.urgency == urgency(candidate(), OrderWeights(), now=NOW)


@pytest.mark.parametrize(
    ("links", "clusters"),
    [
        ([], []),
        ([set(), set()], [0, 1]),
        ([{1}, {2}, {1}], [0, 1, 0]),
        ([{1}, {2}, {3}, {1, 2}, {3, 2}], [0, 0, 0, 0, 0]),
        ([{1}, {2}, {2, 3}, {4}, {3, 1}], [0, 0, 0, 3, 0]),
    ],
)
def test_cases_that_share_entities_are_one_cluster(links: list[set[int]], clusters: list[int]) -> None:
    assert cluster_numbers(links) == clusters


@given(st.lists(st.sets(st.integers(0, 12), max_size=3), max_size=12))
def test_clusters_are_the_connected_components(links: list[set[int]]) -> None:
    found = cluster_numbers(links)
    for place, entities in enumerate(links):
        for other, others in enumerate(links):
            if entities & others:
                assert found[place] == found[other]
    joined: dict[int, int] = {}  # nothing joins two clusters
    for entities, number in zip(links, found, strict=True):
        assert all(joined.setdefault(entity, number) == number for entity in entities)


CLUSTERED = Turn(clustered=frozenset({"cards"}))


def test_of_linked_cases_the_first_keeps_its_place_and_the_others_come_last() -> None:
    cases = [
        candidate(1, queue="cards", linked=frozenset({7})),
        candidate(2, queue="cards", linked=frozenset({7, 8})),
        candidate(3, queue="cards", linked=frozenset({9})),
        candidate(4, queue="cards", linked=frozenset({8})),
    ]
    placed = rerank(ranked(*cases), CLUSTERED)
    assert order(placed) == [1, 3, 2, 4]
    assert [each.linked for each in placed] == [3, 1, 3, 3]
    assert [each.follows for each in placed] == [False, False, True, True]


def test_a_queue_may_leave_linked_cases_where_they_are() -> None:
    cases = [candidate(number, linked=frozenset({7})) for number in (1, 2)]
    assert order(rerank(ranked(*cases, candidate(3)), CLUSTERED)) == [1, 2, 3]


def test_cases_linked_to_one_that_another_reviewer_works_on_come_last() -> None:
    cases = [candidate(1, queue="cards", linked=frozenset({7})), candidate(2, queue="cards")]
    assert order(rerank(ranked(*cases), CLUSTERED._replace(held=frozenset({7})))) == [2, 1]


def test_every_tenth_verdict_is_promised_to_a_share_of_a_tenth() -> None:
    assert [decided for decided in range(40) if is_turn_of(0.1, decided)] == [9, 19, 29, 39]
    assert not any(is_turn_of(0, decided) for decided in range(100))


@given(st.floats(0, 0.5), st.integers(0, 500))
def test_turns_add_up_to_the_share(share: float, verdicts: int) -> None:
    assert sum(is_turn_of(share, decided) for decided in range(verdicts)) == int(verdicts * share)


def test_the_first_case_of_a_source_comes_first_when_it_is_its_turn() -> None:
    cases = ranked(candidate(1), candidate(2, why="sample"), candidate(3, why="sample"))
    quotas = {"": {"sample": 0.1}}
    assert order(rerank(cases, Turn(decided=8, quotas=quotas))) == [1, 2, 3]
    placed = rerank(cases, Turn(decided=9, quotas=quotas))
    assert order(placed) == [2, 1, 3]
    assert [each.promised for each in placed] == [0.1, 0, 0]


def test_why_a_case_is_next_is_told_besides_its_urgency() -> None:
    [only] = ranked(candidate())
    assert why_next(Placed(only)) == {}
    assert why_next(Placed(only, linked=3, promised=0.1)) == {"linked": 3, "promised": 0.1}
