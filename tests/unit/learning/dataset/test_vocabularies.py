from scoring.learning.dataset.vocabularies import MAX_VALUES, MIN_OCCURRENCES, order_values


def test_the_most_frequent_values_come_first_and_ties_go_by_name():
    assert order_values({"fuel": 9, "food": 9, "travel": 12}) == ("travel", "food", "fuel")


def test_values_too_rare_to_learn_from_stay_unknown():
    assert order_values({"seen": MIN_OCCURRENCES, "rare": MIN_OCCURRENCES - 1}) == ("seen",)


def test_a_vocabulary_is_capped():
    counts = {f"v{number:03}": 1_000 - number for number in range(400)}
    ordered = order_values(counts)
    assert len(ordered) == MAX_VALUES
    assert ordered[0] == "v000"
