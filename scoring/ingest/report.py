"""The result of an import: row counts, kept in the log as it progresses and printed at the end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from scoring.ingest.readers.tables import Chunk, list_names
from scoring.ingest.values.missing import MissingWords, WordCounts, merge_counts, word_notes

WITHOUT_LABEL = "without a label"


@dataclass(frozen=True, slots=True)
class ChunkResult:
    """The result of one chunk. `refused` and `label_problems` give reasons by row index.

    `stated` is the label in each row, imported or not; `silent` counts rows of a label file without a label,
    `held` its labels of events that have not arrived.
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
    """The counts of rows so far: `read` = `accepted` + `duplicate` + `silent` + `rejected`.

    `blank` rows are skipped and not counted as read. `labels` counts the labels recorded, `held` those of
    events that have not arrived, `label_problems` the rows imported without their label, `rounded` the
    rounded amounts. `unmapped` are the unused columns; `words` counts words for missing values;
    `rejected_by_label` counts the labels in rejected rows. `rejects` is the path of the file of rejected
    rows, and `rejects_bytes` its size after the last committed chunk. `finished`: all rows were read.
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
        """The report in an `import.progressed` entry."""
        known = {name: noted[name] for name in cls.__dataclass_fields__ if name in noted}
        return cls(**{**known, "unmapped": tuple(noted["unmapped"])})

    @property
    def passed(self) -> int:
        """The number of rows after which an interrupted import resumes, including blank ones."""
        return self.read + self.blank

    @property
    def problems(self) -> int:
        """The number of rows rejected, or imported without their label."""
        return self.rejected + self.label_problems

    def after(self, chunk: Chunk, taken: ChunkResult, *, used: frozenset[str]) -> "ImportReport":
        """The report after one more chunk."""
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
    """The report as text."""
    silent = f" + {report.silent:,} {WITHOUT_LABEL}" if report.silent else ""
    labels = "" if labels_only else f"; {report.labels:,} labels recorded"
    lines = [
        f"{report.name}: {report.read:,} rows = {report.accepted:,} accepted + {report.duplicate:,} duplicate"
        f"{silent} + {report.rejected:,} rejected{labels}"
    ]
    lines += _remarks(report)
    lines += [f"  {note}" for note in word_notes(report.words, report.read, words)]
    if report.rejects:
        lines.append(f"  rejected rows, with reasons: {report.rejects}")
    if report.unmapped:
        lines.append(f"  unused columns: {list_names(report.unmapped)}")
    return "\n".join(lines)


def _remarks(report: ImportReport) -> list[str]:
    said = {
        "blank rows were skipped": report.blank,
        "labels are held until their events arrive": report.held,
        "rows were imported without their label, which has a problem; the file of rejected rows contains"
        " them, so that they can be imported again": report.label_problems,
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
