"""The editor's form: what was typed, as a draft, and a draft as what the form shows."""

from collections.abc import Mapping
from dataclasses import dataclass

from scoring.admin_kit.formatting import NO_VALUE
from scoring.rules.rules.drafting import RuleDraft
from scoring.rules.rules.errors import FieldProblem, InvalidRule
from scoring.rules.rules.rule import RuleVersion

TEXTS = ("name", "expression", "outcome", "code", "sentence", "description", "percent", "unit")


@dataclass(frozen=True, slots=True)
class DraftForm:
    """The form as text. `percent` is the share of the roll-out."""

    event_type: str
    name: str = ""
    expression: str = ""
    outcome: str = "review"
    code: str = ""
    sentence: str = ""
    description: str = ""
    percent: str = "100"
    unit: str = ""
    overrides_lists: bool = False

    @classmethod
    def sent(cls, event_type: str, given: Mapping[str, str]) -> "DraftForm":
        """What a browser sent; line ends are those of expressions."""
        texts = {name: given.get(name, "").replace("\r\n", "\n") for name in TEXTS}
        return cls(event_type, **texts, overrides_lists=bool(given.get("overrides_lists")))

    @classmethod
    def of(cls, version: RuleVersion) -> "DraftForm":
        """A version, to be changed."""
        return cls(
            event_type=version.event_type,
            name=version.name,
            expression=version.expression,
            outcome=version.outcome,
            code=version.code,
            sentence=version.sentence,
            description=version.description,
            percent=f"{100 * version.share:.6g}",
            unit=version.unit,
            overrides_lists=version.overrides_lists,
        )

    def as_draft(self) -> RuleDraft:
        """The draft. Raises InvalidRule if the percentage is not a number."""
        return RuleDraft(
            event_type=self.event_type,
            name=self.name.strip(),
            expression=self.expression,
            outcome=self.outcome,
            sentence=self.sentence,
            code=self.code.strip(),
            description=self.description,
            share=read_share(self.percent),
            unit=self.unit,
            overrides_lists=self.overrides_lists,
        )


def read_share(text: str) -> float:
    """A percentage as typed, as a share. Raises InvalidRule."""
    try:
        return float(text.replace(",", ".").strip().removesuffix("%")) / 100
    except ValueError:
        problem = f"{text!r} is not a percentage"
        raise InvalidRule([("share", problem, "a number such as 10")]) from None


def problems_by_field(problems: tuple[FieldProblem, ...]) -> dict[str, list[str]]:
    """The problems as sentences, by field."""
    found: dict[str, list[str]] = {}
    for name, problem, allowed in problems:
        found.setdefault(name, []).append(f"{sentence_of(name, problem)}{allowed_text(allowed)}")
    return found


def sentence_of(name: str, problem: str) -> str:
    """A problem as the beginning of a sentence; one that begins with a verb gets "This" as its subject."""
    starts = ("is ", "has ", "must ")
    text = f"this {problem}" if problem.startswith(starts) else problem
    return f"{text[0].upper()}{text[1:]}".rstrip(".") + "."


def allowed_text(allowed: object) -> str:
    """What is allowed, as a sentence; "" if there is nothing to say."""
    if not allowed:
        return ""
    text = ", ".join(map(str, allowed)) if isinstance(allowed, (list, tuple)) else str(allowed)
    return f" Allowed: {text or NO_VALUE}."
