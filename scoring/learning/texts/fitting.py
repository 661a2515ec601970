"""Fits the text models of a training set and fills in the features that they give."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from scoring.learning.dataset.training_set import TrainingSet
from scoring.learning.texts.folds import BLOCKS, STRENGTHS, choose_strength, out_of_fold_margins
from scoring.learning.texts.lexicon import common_phrases, telling_phrases
from scoring.learning.texts.linear import Linear, can_fit, fit_linear
from scoring.progress import NO_PROGRESS, ProgressReporter
from scoring.registry.text_models import TextModel
from scoring.registry.text_weights import ANY_POLICY
from scoring.texts.ngrams import ngram_rows

MAX_PHRASE_TEXTS = 20_000  # the newest positive texts from which phrases are taken

Resemblances = Sequence[tuple[int, str, str]]  # column, text field, policy or ""


def fit_texts(
    data: TrainingSet,
    rows: NDArray[np.intp],
    *,
    resemblances: Resemblances,
    test: TrainingSet | None = None,
    watch: ProgressReporter = NO_PROGRESS,
) -> tuple[TextModel, ...]:
    """The text models of the data, fitted on these rows; fills their columns of X in place.

    `rows`, on which trees are grown, get margins of models that have not seen them; all others, those of
    `test` and the unknown blocks get the margins of the final models. A head without enough labeled texts of
    both classes is not learned, and its column stays NaN.
    """
    models = []
    for field in dict.fromkeys(field for _, field, _ in resemblances):
        columns = {head: column for column, name, head in resemblances if name == field}
        learned = _Learned.of(data, rows, field, columns, watch=watch)
        learned.fill_grown()
        if learned.linear:
            model = learned.model()
            models.append(model)
            _fill_others(data, rows, model, resemblances)
            if test is not None:
                model.fill(test.X, resemblances=resemblances, texts=list(test.texts.get(field, ())))
    return tuple(models)


def _fill_others(
    data: TrainingSet, rows: NDArray[np.intp], model: TextModel, resemblances: Resemblances
) -> None:
    texts = data.texts[model.field]
    others = np.setdiff1d(np.arange(len(data.y)), rows)
    part = data.X[others]
    model.fill(part, resemblances=resemblances, texts=list(texts[others]))
    data.X[others] = part
    if (unknown := data.unknown) is not None:
        model.fill(unknown.X, resemblances=resemblances, texts=list(unknown.texts.get(model.field, ())))


@dataclass(frozen=True)
class _Learned:
    """What was learned of one text field: the final linear model of each head, and the margins of the rows.

    `rows`: those with a text, on which was fitted.
    """

    data: TrainingSet
    field: str
    columns: Mapping[str, int]
    rows: NDArray[np.intp]
    linear: Mapping[str, Linear]
    margins: Mapping[str, NDArray[np.float64]]

    @classmethod
    def of(
        cls,
        data: TrainingSet,
        rows: NDArray[np.intp],
        field: str,
        columns: Mapping[str, int],
        *,
        watch: ProgressReporter,
    ) -> "_Learned":
        texts = data.texts[field]
        known = np.array([row for row in rows.tolist() if texts[row] is not None], dtype=np.intp)
        ngrams = ngram_rows([texts[row] for row in known]).astype(np.float64)
        classes = {head: _classes(data, head)[known] for head in columns}
        heads = [head for head, y in classes.items() if can_fit(y)]
        watch.begin(f"learning the {field}", total=BLOCKS * (len(STRENGTHS) + len(heads)))
        linear, margins, strength = {}, {}, 0.0
        for head in heads:
            strength = strength or choose_strength(
                ngrams, classes[head], data.occurred_at[known], step=lambda: watch.advance(1)
            )
            linear[head], margins[head] = _fit_head(
                ngrams, classes[head], data.occurred_at[known], strength=strength, watch=watch
            )
        return cls(data, field, columns, known, linear, margins)

    def fill_grown(self) -> None:
        for head, margins in self.margins.items():
            self.data.X[self.rows, self.columns[head]] = margins

    def model(self) -> TextModel:
        heads = tuple(self.linear)
        return TextModel(
            field=self.field,
            heads=heads,
            weights=np.stack([self.linear[head].weights for head in heads], axis=1).astype(np.float32),
            intercepts=np.array([self.linear[head].intercept for head in heads]),
            lexicon={head: self._lexicon(head) for head in heads},
        )

    def _lexicon(self, head: str) -> dict[str, float]:
        """Phrases of positive texts that speak for the head."""
        positive = self.rows[_classes(self.data, head)[self.rows] == 1]
        newest = positive[np.argsort(self.data.occurred_at[positive], kind="stable")[-MAX_PHRASE_TEXTS:]]
        phrases = common_phrases(self.data.texts[self.field][newest], self.data.groups[newest].tolist())
        return telling_phrases(phrases, self.linear[head])


def _fit_head(
    ngrams: csr_matrix,
    y: NDArray[np.int8],
    occurred_at: NDArray[np.int64],
    *,
    strength: float,
    watch: ProgressReporter,
) -> tuple[Linear, NDArray[np.float64]]:
    """The final model of a head, and the margins of the rows by models that have not seen them."""
    margins = out_of_fold_margins(ngrams, y, occurred_at, strength=strength, step=lambda: watch.advance(1))
    labeled = np.flatnonzero(y >= 0)
    return fit_linear(ngrams[labeled], y[labeled], strength=strength), margins


def _classes(data: TrainingSet, head: str) -> NDArray[np.int8]:
    """int8[n]: 1 for texts labeled with the head, 0 for others, -1 where that is unknown."""
    if head == ANY_POLICY:
        return data.y
    return data.policies.get(head, np.full(len(data.y), -1, dtype=np.int8))
