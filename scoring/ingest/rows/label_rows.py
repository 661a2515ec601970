"""Rows that are labels of events, such as an acquirer's disputes or the verdicts of another system."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from scoring.ingest.readers.tables import Chunk
from scoring.ingest.rows.event_rows import RowParser, RowProblems
from scoring.ingest.rows.row_labels import LabelReader


@dataclass(frozen=True, slots=True)
class LabelRow:
    """The label in a row; `index` is its position in the chunk."""

    index: int
    event_id: str
    value: str
    known_at: datetime | None
    policies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ParsedLabels:
    """The valid rows, the reasons why others are rejected, and the number of rows without a label."""

    rows: list[LabelRow]
    reasons: dict[int, str]
    stated: Sequence[str | None]
    silent: int


class LabelRowParser:
    """Parses the chunks of a label file; `rows` reads the fields of the ids."""

    def __init__(self, rows: RowParser) -> None:
        if rows.labels is None:
            raise ValueError("the mapping has no label")
        self._rows = rows
        self.labels: LabelReader = rows.labels

    def parse(self, chunk: Chunk) -> ParsedLabels:
        """Parse every row of the chunk."""
        problems: RowProblems = {}
        ids = self._rows.label_ids(chunk, problems)
        values, wrong_values = self.labels.values(chunk)
        known, wrong_times = self.labels.known_at(chunk)
        policies, wrong_policies = self.labels.policies(chunk, values)
        of_labels = {i: text for i, text in wrong_times.items() if values[i]}
        for wrong in (wrong_values, of_labels, wrong_policies):
            for index, text in wrong.items():
                problems.setdefault(index, []).append(text)
        reasons = {index: "; ".join(texts) for index, texts in problems.items()} | dict(chunk.malformed)
        good = [index for index in range(chunk.length) if index not in reasons]
        rows = [LabelRow(i, ids[i], value, known[i], policies[i]) for i in good if (value := values[i])]
        return ParsedLabels(rows, reasons, values, len(good) - len(rows))
