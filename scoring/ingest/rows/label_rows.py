"""Rows that name an event and what is known of it: an acquirer's disputes, verdicts of another system."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from scoring.ingest.readers.tables import Chunk
from scoring.ingest.rows.event_rows import RowParser, RowProblems
from scoring.ingest.rows.row_labels import LabelReader


@dataclass(frozen=True, slots=True)
class LabelRow:
    """What a row says of an event; `index` is its place in the chunk."""

    index: int
    event_id: str
    value: str
    known_at: datetime | None


@dataclass(frozen=True, slots=True)
class ParsedLabels:
    """The rows that can be recorded, and why the others cannot; `silent` ones say nothing of their event."""

    rows: list[LabelRow]
    reasons: dict[int, str]
    stated: Sequence[str | None]
    silent: int


class LabelRowParser:
    """Parses the chunks of a file of labels; `rows` reads what ids are made of."""

    def __init__(self, rows: RowParser) -> None:
        if rows.labels is None:
            raise ValueError("the mapping has no label")
        self._rows = rows
        self.labels: LabelReader = rows.labels

    def parse(self, chunk: Chunk) -> ParsedLabels:
        """Every row of the chunk, taken or not."""
        problems: RowProblems = {}
        ids = self._rows.label_ids(chunk, problems)
        values, wrong_values = self.labels.values(chunk)
        known, wrong_times = self.labels.known_at(chunk)
        for wrong in (wrong_values, {i: text for i, text in wrong_times.items() if values[i]}):
            for index, text in wrong.items():
                problems.setdefault(index, []).append(text)
        reasons = {index: "; ".join(texts) for index, texts in problems.items()} | dict(chunk.malformed)
        good = [index for index in range(chunk.length) if index not in reasons]
        rows = [LabelRow(i, ids[i], value, known[i]) for i in good if (value := values[i])]
        return ParsedLabels(rows, reasons, values, len(good) - len(rows))
