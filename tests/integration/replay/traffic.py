"""What happens to a lane in these tests: traffic of every sort, and entries changed behind the log's back."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import orjson
from django.db import connection

from scoring.intake.labels import LabelStatement, record_labels
from scoring.intake.receive import Submission
from scoring.log.entries import Entry
from scoring.timestamps import to_iso
from tests.factories.payments import MARCH, payment_payload, refund_payload, submission
from tests.integration.lanes.test_arms import CATEGORIES


class Traffic:
    """A seeded stream of payments, refunds, labels and retractions, some of the events late or at once."""

    def __init__(self, send: Callable, work: Callable, seed: int) -> None:
        self.send, self.work = send, work
        self.random = random.Random(seed)
        self.sent: list[int] = []

    def go(self, count: int) -> None:
        """`count` payments and what comes with them, worked off in several batches."""
        for _ in range(count // 10):
            self.send([self.payment() for _ in range(10)])
            self.send([submission(refund_payload(len(self.sent) + n)) for n in range(2)])
            self.say()
            self.work()

    def say(self) -> None:
        """What three sources say of events of the past, some of it taken back."""
        said = []
        for number in self.random.sample(self.sent, 3):
            value = self.random.choice(["fraud", "fraud", "legitimate", None])
            source = self.random.choice(["chargeback", "review", "customer"])
            said.append(LabelStatement("payment", f"T-{number}", value, source))
        record_labels(said, source="shop", now=datetime.now(UTC))

    def payment(self) -> Submission:
        number = len(self.sent)
        self.sent.append(number)
        late = self.random.choice([0, 0, 0, 1, 45, 60 * 24, 60 * 24 * 50])  # minutes
        category = self.random.choice([*CATEGORIES, "never seen before", None])
        moment = to_iso(MARCH + timedelta(minutes=number - late))
        customer = f"customer-{self.random.randrange(12)}"
        return submission(payment_payload(number, occurred_at=moment, category=category, customer=customer))


def rewrite(entry: Entry, *, packed: bytes | None = None, **data) -> None:
    """Change an entry of the log, which the database refuses to everybody else."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            "UPDATE scoring_logentry SET packed = %s, data = %s WHERE position = %s",
            [packed or entry.packed, orjson.dumps(entry.data | data).decode(), entry.position],
        )
        cursor.execute("SET session_replication_role = DEFAULT")
