"""Lowers what is usual for an entity to register operations: what stands beside each feature's value."""

from scoring import declare
from scoring.catalog.fields import Entity, Money
from scoring.declare import Expression
from scoring.features import opcodes as op
from scoring.features.compile import lower
from scoring.features.program import Lowering, Subject
from scoring.features.reads import Over, note_subject, read_aggregate, read_subject

_MONTH = declare.Window(30 * 86_400_000_000, "30d")
_MONTH_TILE = _MONTH.us // declare.TILES_PER_WINDOW

# One object: as a NaN equals only itself, this makes all of them one register and one column.
_NOTHING_USUAL = float("nan")


def lower_usual(lowering: Lowering, expression: Expression) -> int:
    """The register that holds what is usual for this entity; NaN where the entity itself tells nothing."""
    if isinstance(expression, declare.Named):
        return lower_usual(lowering, expression.inner)
    if isinstance(expression, declare.Aggregate):
        return _usual_aggregate(lowering, expression)
    if isinstance(expression, declare.SinceLast):
        subject = read_subject(lowering, expression)
        month = read_aggregate(lowering, _month(subject, declare.where_text(expression.where)), "count")
        return lowering.emit(op.USUAL_GAP, month, subject.ref())
    if isinstance(expression, declare.FieldValue) and isinstance(expression.field, Money):
        return _usual_amount(lowering, expression.field.name)
    if _is_against_own_mean(expression):
        return lowering.emit(op.ONE_IF_KNOWN, lower(lowering, expression))
    return lowering.constant(_NOTHING_USUAL)


def _usual_aggregate(lowering: Lowering, expression: declare.Aggregate) -> int:
    """The month's count or sum, scaled to the window; of mean, min and max the month's mean; else NaN."""
    monthly = expression.window.us >= _MONTH.us
    if expression.function == "std" or (monthly and expression.function in ("count", "sum", "mean")):
        return lowering.constant(_NOTHING_USUAL)
    subject = read_subject(lowering, expression)
    scaled = expression.function in ("count", "sum")
    function = expression.function if scaled else "mean"
    where = declare.where_text(expression.where)
    month = read_aggregate(lowering, _month(subject, where), function, expression.field_name)
    return lowering.emit(op.USUAL_RATE, month, subject.ref(), expression.window.us) if scaled else month


def _usual_amount(lowering: Lowering, name: str) -> int:
    """The month's mean of the event type's first entity."""
    entities = [declared for declared in lowering.member.fields.values() if isinstance(declared, Entity)]
    if not entities:
        return lowering.constant(_NOTHING_USUAL)
    first = entities[0]
    subject = note_subject(lowering, (first,), lowering.member, [first.name])
    return read_aggregate(lowering, _month(subject), "mean", name)


def _is_against_own_mean(expression: Expression) -> bool:
    return (
        isinstance(expression, declare.Arithmetic)
        and expression.operator == "/"
        and isinstance(expression.left, declare.FieldValue)
        and isinstance(expression.right, declare.Aggregate)
        and expression.right.function == "mean"
        and expression.right.where is None
        and expression.right.field_name == expression.left.field.name
    )


def _month(subject: Subject, where: str = "") -> Over:
    return Over(subject, _MONTH.us, _MONTH_TILE, where)
