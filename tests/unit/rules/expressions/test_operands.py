"""The names that expressions of an event type may use, and what editors are told about them."""

import json

import pytest

from scoring.catalog import registry
from scoring.catalog.errors import EventTypeNotScored, UnknownEventType
from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Category, Entity, Flag, Money, Number, Text
from scoring.rules.expressions import operands as operands_module
from scoring.rules.expressions.activation import ActivationBuilder
from scoring.rules.expressions.compiling import compile_expression
from scoring.rules.expressions.completion import completion_data, example_of
from scoring.rules.expressions.language import FUNCTIONS
from scoring.rules.expressions.operands import KnownList, Operands, operands_of
from tests.factories.catalog import catalog_with


class Post(EventType):
    name = "post"
    lane = "posts"
    base_currency = "JPY"
    author = Entity(kind="account", help="Who wrote it")
    score = Number(optional=True)
    function = Category(optional=True, values=("story", "reply"))
    tip = Money(optional=True)
    pinned = Flag(optional=True)
    body = Text()
    title = Text(personal=False)
    features = [author.count(over="1h"), author.tip.sum(over="1h"), body.links(), author.is_new(function)]
    earlier_features = {"first": [author.count(over="24h")]}


@pytest.fixture
def operands(monkeypatch: pytest.MonkeyPatch) -> Operands:
    monkeypatch.setattr(registry, "event_types", lambda: {"post": Post})
    monkeypatch.setattr(operands_module, "scored_type", lambda name: Post)
    operands_module._operands_by_name.cache_clear()
    return operands_of("post", lists=[KnownList("spammers", "account")])


@pytest.fixture(autouse=True)
def _forget_operands() -> object:
    yield
    operands_module._operands_by_name.cache_clear()


def test_every_kind_of_name_has_its_type(operands: Operands) -> None:
    types = {operand.name: (operand.kind, operand.type) for operand in operands}
    assert types["author"] == ("field", "text")
    assert types["tip"] == ("field", "number")
    assert types["pinned"] == ("field", "flag")
    assert types["function_"] == ("field", "text")
    assert types["title_links"] == ("signal", "number")
    assert types["author_count_1h"] == ("feature", "number")
    assert types["author_new_function"] == ("feature", "flag")
    assert types["source"] == ("source", "text")


def test_features_of_earlier_sets_are_operands_too(operands: Operands) -> None:
    assert operands.by_name["author_count_24h"].kind == "feature"


def test_a_field_called_score_is_written_with_an_underscore(operands: Operands) -> None:
    assert operands.by_name["score"].kind == "score"
    assert operands.by_name["score_"].column == "score"


def test_a_currency_without_minor_units_is_not_divided(operands: Operands) -> None:
    assert operands.by_name["tip"].value_of({"minor": 500, "currency": "JPY"}) == 500.0
    assert operands.by_name["author_tip_sum_1h"].divisor == 1.0


def test_lists_hold_values_of_the_kind_of_an_entity(operands: Operands) -> None:
    assert compile_expression('listed(author, "spammers")', operands).lists == {"spammers"}


def test_signals_and_flags_are_read_from_an_event(operands: Operands) -> None:
    expression = compile_expression("body_links > 2 && pinned && title_capitals <= 0.5", operands)
    builder = ActivationBuilder([expression])
    signals = {"body.links": 3, "title.capitals": 0.5}
    assert expression.matches(builder.build(fields={"pinned": True}, signals=signals, source="web"))
    assert not expression.matches(builder.build(fields={"pinned": True}, source="web"))


def test_a_signal_is_a_number_a_flag_or_a_text() -> None:
    with catalog_with("tests.factories.joins"):
        joins = operands_of("join")
    assert {joins.by_name[name].type for name in ("email_digits", "email_length")} == {"number"}
    assert {joins.by_name[name].type for name in ("email_is_disposable", "ip_in_data_centers")} == {"flag"}
    assert joins.by_name["email_domain"].type == "text"
    assert "voip" in joins.by_name["phone_type"].values
    assert joins.by_name["email_is_tagged"].description == "Whether the email has a tag (+)"
    expression = compile_expression('email_domain.endsWith(".test") && agent_is_bot', joins)
    signals = {"email.domain": "shop.test", "agent.is_bot": True}
    builder = ActivationBuilder([expression])
    assert expression.matches(builder.build(fields={}, signals=signals, source="web"))
    assert not expression.matches(builder.build(fields={}, signals={"agent.is_bot": True}, source="web"))


def test_a_personal_text_has_no_operand_with_text(operands: Operands) -> None:
    assert operands.by_name["body"].personal
    assert not operands.by_name["title"].personal


def test_every_example_compiles_for_its_type() -> None:
    for event_type in registry.scored_types():
        operands = operands_of(event_type)
        for operand in operands:
            compile_expression(example_of(operand), operands)


def test_every_example_of_a_declared_type_compiles(operands: Operands) -> None:
    for operand in operands:
        compile_expression(example_of(operand), operands)


def test_every_example_of_a_function_compiles() -> None:
    operands = operands_of("payment")
    for function in FUNCTIONS.values():
        compile_expression(function.example, operands)


def test_an_editor_gets_json(operands: Operands) -> None:
    data = json.loads(json.dumps(completion_data(operands)))
    author = next(each for each in data["names"] if each["name"] == "author")
    assert author == {
        "name": "author",
        "kind": "field",
        "type": "text",
        "unit": "id",
        "description": "Who wrote it",
        "optional": False,
        "personal": False,
        "values": [],
        "lists": "account",
        "example": 'author == "author_1"',
    }
    assert data["lists"] == [{"name": "spammers", "kind": "account", "function": "listed"}]
    assert {"has", "listed", "math.abs", "matches"} <= {each["name"] for each in data["functions"]}


def test_a_type_without_decisions_has_no_rules() -> None:
    with pytest.raises(EventTypeNotScored):
        operands_of("refund")
    with pytest.raises(UnknownEventType):
        operands_of("pavement")
