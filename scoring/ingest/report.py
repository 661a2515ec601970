"""What became of the rows of an import: counted as it goes on, noted in the log, told to a person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from scoring.ingest.readers.tables import Chunk, list_names
from scoring.ingest.values.missing import MissingWords, WordCounts, merge_counts, word_notes

WITHOUT_LABEL = "without a label"


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of the rows of one chunk. `refused` and `label_problems` say why, by index.

    `stated` is the label that each row gives, taken or not; `silent` counts rows of a file of labels that
    give none, `held` its labels of events that have not arrived.
    """

    accepted: int
    duplicate: int
    refused: Mapping[int, str]
    labels: int
    label_problems: Mapping[int, str] = field(default_factory=dict)
    stated: Sequence[str | None] = ()
    held: int = 0
    silent: int = 0
    rounded: int = 0
    words: WordCounts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of every row so far: `read` = `accepted` + `duplicate` + `silent` + `rejected`.

    `blank` rows are passed over and not among them. `labels` counts the labels recorded, `held` those of
    events that have not arrived, `label_problems` the rows taken without their label, `rounded` the amounts
    that were. `unmapped` are the columns that nothing was read from; `words` counts words for nothing;
    `rejected_by_label` says which labels the rejected rows give. `rejects` is the file of the rejected rows,
    of whose bytes `rejects_bytes` belong to committed chunks. `finished`: all rows read.
    """

    name: str
    read: int = 0
    accepted: int = 0
    duplicate: int = 0
    rejected: int = 0
    labels: int = 0
    blank: int = 0
    silent: int = 0
    held: int = 0
    label_problems: int = 0
    rounded: int = 0
    unmapped: tuple[str, ...] = ()
    words: WordCounts = field(default_factory=dict)
    by_label: Mapping[str, int] = field(default_factory=dict)
    rejected_by_label: Mapping[str, int] = field(default_factory=dict)
    rejects: str = ""
    rejects_bytes: int = 0
    finished: bool = False

    @classmethod
    def from_note(cls, noted: Mapping[str, Any]) -> "ImportReport":
        """The report that an `import.progressed` entry holds."""
        known = {name: noted[name] for name in cls.__dataclass_fields__ if name in noted}
        return cls(**{**known, "unmapped": tuple(noted["unmapped"])})

    @property
    def passed(self) -> int:
        """How many rows an interrupted import goes on after, blank ones among them."""
        return self.read + self.blank

    @property
    def problems(self) -> int:
        """Rows of which something was not taken."""
        return self.rejected + self.label_problems

    def after(self, chunk: Chunk, taken: Taken, *, used: frozenset[str]) -> "ImportReport":
        """The report with one more chunk."""
        unmapped = [name for name in (*chunk.columns, *chunk.others) if name not in used]
        return replace(
            self,
            read=self.read + chunk.length,
            blank=self.blank + chunk.blank,
            accepted=self.accepted + taken.accepted,
            duplicate=self.duplicate + taken.duplicate,
            silent=self.silent + taken.silent,
            rejected=self.rejected + len(taken.refused),
            labels=self.labels + taken.labels,
            held=self.held + taken.held,
            label_problems=self.label_problems + len(taken.label_problems),
            rounded=self.rounded + taken.rounded,
            unmapped=tuple(dict.fromkeys([*self.unmapped, *unmapped])),
            words=merge_counts(self.words, taken.words),
            by_label=_add(self.by_label, taken.stated),
            rejected_by_label=_add(self.rejected_by_label, _of(taken.stated, taken.refused)),
        )


def describe_report(report: ImportReport, *, words: MissingWords, labels_only: bool = False) -> str:
    """What became of the rows of a file, for a person to read."""
    silent = f" + {report.silent:,} {WITHOUT_LABEL}" if report.silent else ""
    labels = "" if labels_only else f"; {report.labels:,} labels recorded"
    lines = [
        f"{report.name}: {report.read:,} rows = {report.accepted:,} accepted + {report.duplicate:,} repeated"
        f"{silent} + {report.rejected:,} rejected{labels}"
    ]
    lines += _remarks(report)
    lines += [f"  {note}" for note in word_notes(report.words, report.read, words)]
    if report.rejects:
        lines.append(f"  rejected rows, with reasons: {report.rejects}")
    if report.unmapped:
        lines.append(f"  columns that were not used: {list_names(report.unmapped)}")
    return "\n".join(lines)


def _remarks(report: ImportReport) -> list[str]:
    said = {
        "blank rows were passed over": report.blank,
        "labels wait for their events to arrive": report.held,
        "rows were taken without their label, which has a problem; they are among the rejected rows with it"
        " and can be taken in again": report.label_problems,
        "amounts were rounded to the decimals of their currency": report.rounded,
    }
    lines = [f"  {count:,} {what}" for what, count in said.items() if count]
    if report.rejected and report.by_label.keys() - {WITHOUT_LABEL}:
        lines.append(f"  rejected by label: {_shares(report)}")
    return lines


def _shares(report: ImportReport) -> str:
    parts = []
    for label, count in report.by_label.items():
        rejected = report.rejected_by_label.get(label, 0)
        parts.append(f"{rejected:,} of {count:,} {label} ({rejected / count:.1%})")
    return ", ".join(parts)


def _add(counts: Mapping[str, int], stated: Sequence[str | None]) -> dict[str, int]:
    added = dict(counts)
    for label in stated:
        name = label or WITHOUT_LABEL
        added[name] = added.get(name, 0) + 1
    return added


def _of(stated: Sequence[str | None], refused: Mapping[int, str]) -> list[str | None]:
    return [stated[index] for index in refused] if stated else []
