"""docs/how-to/example-event-types.md: the types compile as printed and find what the page says."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.conf import settings

from scoring.catalog.event_type import EventType
from scoring.features.compile.plan import LanePlan, compile_lane
from scoring.features.folding.arena import Arena
from scoring.features.folding.encode import LaneItem, encode
from scoring.features.folding.fold import fold
from scoring.sentences.value_sentences import describe_value
from scoring.timestamps import to_micros

TEXT = (Path(settings.BASE_DIR) / "docs" / "how-to" / "example-event-types.md").read_text()
NOW = datetime(2026, 3, 3, tzinfo=UTC)
HOUR = 3_600_000_000


def printed_types() -> dict[str, type[EventType]]:
    (module,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    namespace: dict[str, Any] = {"__name__": "bank.event_types"}
    exec(compile(module, "event_types.py", "exec"), namespace)  # noqa: S102 -- the page's own module
    found = [each for each in namespace.values() if isinstance(each, type) and issubclass(each, EventType)]
    return {each.name: each for each in found if each.name}


TYPES = printed_types()
PLAN = compile_lane("accounts", list(TYPES.values()))


def received(payloads: Sequence[Mapping[str, Any]]) -> list[LaneItem]:
    """What the lane makes of payloads, in their order."""
    parsed = [TYPES[payload["type"]].parse(payload, now=NOW) for payload in payloads]
    return [
        LaneItem(
            seq, "event", each.event_type, to_micros(each.occurred_at), {**each.fields, **each.signals.values}
        )
        for seq, each in enumerate(parsed, start=1)
    ]


def vectors(items: Sequence[LaneItem], event_type: str) -> np.ndarray:
    batch = encode(PLAN, items)
    out = PLAN.feature_set(event_type).vector_of(fold(PLAN, batch, Arena.for_batch(PLAN, batch)))
    return out[batch.program == PLAN.encodings[event_type].program]


def column(plan: LanePlan, name: str) -> int:
    return plan.feature_set("transfer").names.index(name)


def test_the_page_declares_three_types_in_one_lane() -> None:
    assert set(TYPES) == {"sign_up", "login", "transfer"}
    assert {each.lane for each in TYPES.values()} == {"accounts"}


def table_after(text: str) -> list[list[str]]:
    lines = TEXT.split(text, 1)[1].strip().split("\n\n", 1)[0].splitlines()[2:]
    return [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines]


@pytest.mark.parametrize("row", table_after("Some features of the last transfer:\n"), ids=lambda row: row[0])
def test_the_last_transfer_has_the_values_and_sentences_of_the_page(row: list[str]) -> None:
    name, value, words = row
    items = received(json.loads(re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)[0]))
    found = vectors(items, "transfer")[-1][column(PLAN, name)]
    assert found == pytest.approx(float(value))
    spec = PLAN.feature_set("transfer").features[column(PLAN, name)]
    assert describe_value(spec, value=found) == words


# --- mule chains among ordinary transfers ---


def transfer(sender: str, receiver: str, minor: int, at_us: int) -> tuple[int, dict[str, Any]]:
    return at_us, {"sender": sender, "receiver": receiver, "amount": {"minor": minor, "currency": "USD"}}


def made_up_month(seed: int) -> tuple[list[LaneItem], np.ndarray]:
    """Transfers of a month in order of time, and which of them are a mule's sending on (as PaySim has them).

    Amounts, hours and partners of mules are drawn like those of everybody: what they sent tells nothing.
    """
    draw = np.random.default_rng(seed)
    start = to_micros(datetime(2026, 2, 1, tzinfo=UTC))
    made = []
    for _ in range(3_000):
        sender, receiver = draw.choice(400, 2, replace=False)
        amount, hours = int(draw.lognormal(9, 1)), draw.uniform(0, 24 * 28)
        made.append((transfer(f"a{sender}", f"a{receiver}", amount, start + int(hours * HOUR)), False))
    for mule in range(30):
        hours, total = draw.uniform(24, 24 * 27), 0
        for victim in draw.choice(400, 3, replace=False):
            hours += draw.uniform(0.1, 1)
            amount = int(draw.lognormal(9, 1))
            total += amount
            made.append((transfer(f"a{victim}", f"a{mule}", amount, start + int(hours * HOUR)), False))
        hours += draw.uniform(0.1, 1)
        out = transfer(
            f"a{mule}", f"a{draw.integers(100, 400)}", int(total * 0.97), start + int(hours * HOUR)
        )
        made.append((out, True))
    made.sort(key=lambda each: each[0][0])
    items = [
        LaneItem(seq, "event", "transfer", at_us, fields) for seq, ((at_us, fields), _) in enumerate(made, 1)
    ]
    return items, np.array([is_mule for _, is_mule in made])


def test_received_amounts_distinguish_a_mule() -> None:
    """Forwarding, which includes received amounts, compared with sent amounts alone."""
    items, is_mule = made_up_month(seed=3)
    rows = vectors(items, "transfer")
    passed_on = rows[:, column(PLAN, "passed_on_24h")]
    senders = rows[:, column(PLAN, "sender_as_receiver_distinct_sender_24h")]
    caught = (np.abs(passed_on - 0.97) < 0.2) & (senders >= 3)
    assert caught[is_mule].mean() > 0.6
    assert caught[~is_mule].mean() < 0.01
    # Sent amounts do not help: most mules, like most other accounts, have sent nothing that day.
    sent = rows[:, column(PLAN, "sender_count_24h")]
    assert np.median(sent[is_mule]) == np.median(sent[~is_mule]) == 0
