"""Every text that is no expression is refused at its place, with what is allowed there."""

import pytest

from scoring.rules.expressions.compiling import compile_expression
from scoring.rules.expressions.errors import ExpressionInvalid, Problem
from scoring.rules.expressions.operands import KnownList, operands_of

LISTS = (
    KnownList("stolen_cards", "card"),
    KnownList("bad_merchants", "merchant"),
    KnownList("trusted", "customer", tag=True),
)

# text, line, column, what the message says, what it allows
REFUSED = [
    ("", 1, 1, "is empty", "amount > 500"),
    ("  // only a comment", 1, 1, "ends too early", "a value"),
    ('amount > 5 &&\n merchant == "\x00"', 2, 15, "U+0000", "without NUL"),
    ('merchant == "\ud800"', 1, 14, "U+D800", "surrogates"),
    ("amount > 5 // \u202e", 1, 15, "U+202E (RIGHT-TO-LEFT OVERRIDE)", r"\u202e"),
    ('merchant == "\u2066x"', 1, 14, "changes the order", r"\u2066"),
    ("amount > 1 ? amount > 2 ? true : false : false", 1, 25, "`?` is not expected", "an operator"),
    ("a" * 2_001, 1, 2_001, "2,001 characters", "at most 2,000"),
    ("(" * 17 + "true" + ")" * 17, 1, 17, "nested too deeply", "16"),
    ("!" * 101 + "true", 1, 101, "101 operators", "at most 100"),
    ("amount + " * 40 + "1 > 2", 1, 1, "nested too deeply", "several rules"),
    ("amount >", 1, 9, "ends too early", "a value"),
    ("(amount > 5", 1, 1, "`(` is not closed", "`)`"),
    ("amount > 5)", 1, 11, "No bracket is open", ""),
    ("amount > 5]", 1, 11, "No bracket is open", ""),
    ("amount > 5 card", 1, 12, "`card` is not expected", "an operator"),
    ("amount > 1,000", 1, 11, "A comma", "1234.5"),
    ("amount = 5", 1, 8, "does not compare", "`==`"),
    ("amount > 5 & true", 1, 12, "`&`", "`&&`"),
    ("amount > 5 | true", 1, 12, "`|`", "`||`"),
    ("amount > 5 and true", 1, 12, "`and`", "`&&`"),
    ("amount > 5 or true", 1, 12, "`or`", "`||`"),
    ("not (amount > 5)", 1, 1, "`not`", "`!`"),
    ("amount <> 5", 1, 8, "`<>`", "`!=`"),
    ("amount ≥ 5", 1, 8, "`≥`", "`>=`"),
    ("amount > €5", 1, 10, "no meaning", ""),
    ("amount > 5; true", 1, 11, "one condition", "`&&`"),
    ("merchant == “shop”", 1, 13, "Typographic quotes", "straight quotes"),
    ('merchant == "shop', 1, 13, "not closed", "in quotes"),
    (r'merchant == "\q"', 1, 13, "escape", "raw text"),
    ("amount > 5u", 1, 10, "not a decimal number", "`0.5`"),
    ("amount > 0x1F", 1, 10, "not a decimal number", "`0.5`"),
    ("amount > 9007199254740993", 1, 10, "too large to be exact", "9,007,199,254,740,992"),
    ("amount > 1e400", 1, 10, "too large", "1.7e308"),
    ("amount % 2 == 0", 1, 8, "`%`", "`/`"),
    ('{"a": 1} == {"a": 1}', 1, 1, "Maps", "lists"),
    ('amount in [1, "x"]', 1, 15, "one type", "only numbers"),
    ('merchant in ("a", "b")', 1, 10, "takes a list", "[" + '"a", "b"'),
    ("[1, 2].all(x, x > 0)", 1, 8, "repeats", "`||`"),
    ("amont > 5", 1, 1, "`amont` is not a name of payment events", "`amount`"),
    ("AMOUNT > 5", 1, 1, "`AMOUNT`", "`amount`"),
    ("amount > 5 &&\n  cart == 'x'", 2, 3, "`cart`", "`card`"),
    ("amount > 5 &&\r\n  cart == 'x'", 2, 3, "`cart`", "`card`"),
    ('"é𝒳" == cart', 1, 9, "`cart`", "`card`"),
    ("size(card) == 3 && has(device) && cart == 'x'", 1, 35, "`cart`", "`card`"),
    ("card.amount > 5", 1, 1, "`card.amount`", "`card_"),
    ("payment.amount > 5", 1, 1, "`payment.amount`", ""),
    ("card == null", 1, 9, "null", "`!has(name)`"),
    ("amount > '5'", 1, 8, "a number and a text", "same type"),
    ("merchant > 5", 1, 10, "a text and a number", "same type"),
    ("amount && true", 1, 8, "`&&` does not take a number and a flag", "conditions"),
    ("!amount > 5", 1, 1, "`!` does not take a number", "`!(amount > 5)`"),
    ("1 < amount < 5", 1, 12, "a flag and a number", ""),
    ("amount in ['a']", 1, 8, "a number and a list of texts", "in"),
    ("amount", 1, 1, "gives a number, not a condition", "a comparison"),
    ("amount > 5 ? 'a' : 'b'", 1, 1, "gives a text", "a comparison"),
    ("merchant[0] == 'x'", 1, 9, "a text and a number", ""),
    ("abs(amount) > 5", 1, 1, "no function `abs`", "`math.abs`"),
    ("math.cos(amount) > 5", 1, 1, "no function `math.cos`", "`math."),
    ("math.pi > 5", 1, 1, "no function `math.pi`", ""),
    ("merchant.lower() == 'x'", 1, 10, "no function `lower`", "`lowerAscii`"),
    ("contains(merchant, 'x')", 1, 1, "follows a text and a dot", "merchant.contains"),
    ("merchant.size() > 3", 1, 10, "does not follow a dot", "size(merchant)"),
    ('ip == "192.0.2.1"', 1, 1, "`ip` is personal", 'listed(ip, "list")'),
    ("size(ip) > 3", 1, 6, "`ip` is personal", "`has(ip)`"),
    ("has()", 1, 1, "one name", "`has(name)`"),
    ("has(card, device)", 1, 1, "one name", "`has(name)`"),
    ("has(devise)", 1, 5, "`devise`", "`device`"),
    ("listed(card)", 1, 1, "a field and a name in quotes", 'listed(field, "name")'),
    ("listed(card, stolen_cards)", 1, 1, "a field and a name in quotes", 'listed(field, "name")'),
    ('listed(amount, "stolen_cards")', 1, 8, "not a field with text", "`card`"),
    ('listed(cart, "stolen_cards")', 1, 8, "`cart`", "`card`"),
    ('listed(card, "stolen_card")', 1, 14, 'no list "stolen_card"', '"stolen_cards"'),
    ('listed(card, "bad_merchants")', 1, 14, 'of the kind "merchant"', '"stolen_cards"'),
    ('listed(device, "x")', 1, 16, 'no list "x"', 'of the kind "device"; there is none yet'),
    ('listed(customer, "trusted")', 1, 18, "is a tag", 'tagged(customer, "trusted")'),
    ('tagged(card, "stolen_cards")', 1, 14, "is a list", 'listed(card, "stolen_cards")'),
    ("banked()", 1, 1, "a hash bank in quotes", 'banked("name")'),
    ('banked(card, "known_abuse")', 1, 1, "a hash bank in quotes", 'banked("name")'),
    ('banked("known_abus")', 1, 8, 'no hash bank "known_abus"', '"known_abuse"'),
    ('card.matches("(")', 1, 14, "missing )", "RE2"),
    (r'card.matches("(?=a)b")', 1, 14, "invalid perl operator", "RE2"),
    ("card.matches(merchant)", 1, 14, "one pattern in quotes", ""),
    ('card.matches("((a{10}){10}){10}")', 1, 14, "too large", "fewer"),
    (r'card.matches(r"\pL+")', 1, 14, "Unicode classes", r"\w"),
    ('card.matches("' + "a" * 201 + '")', 1, 14, "201 characters", "200"),
]


def problems_of(text: str) -> tuple[Problem, ...]:
    with pytest.raises(ExpressionInvalid) as refused:
        compile_expression(text, operands_of("payment", lists=LISTS, banks=["known_abuse"]))
    return refused.value.problems


@pytest.mark.parametrize(
    ("text", "line", "column", "message", "allowed"), REFUSED, ids=[row[0][:40] or "empty" for row in REFUSED]
)
def test_a_problem_is_named_at_its_place(
    text: str, line: int, column: int, message: str, allowed: str
) -> None:
    found = problems_of(text)[0]
    assert (found.line, found.column) == (line, column)
    assert message in found.message
    assert allowed in found.allowed


def test_all_unknown_names_are_reported_at_once() -> None:
    assert [(each.line, each.column) for each in problems_of("amont > 5 && cart == 'x'")] == [(1, 1), (1, 14)]


def test_no_more_than_ten_problems_are_reported() -> None:
    assert len(problems_of(" && ".join(f"x{n} > 1" for n in range(50)))) == 10


def test_a_long_name_is_shortened_in_its_message() -> None:
    assert len(problems_of(f"{'x' * 1_900} > 1")[0].message) < 120


def test_a_problem_reads_as_a_sentence() -> None:
    assert str(problems_of("amount = 5")[0]) == "Line 1, column 8: `=` does not compare. Allowed: `==`."


@pytest.mark.parametrize(
    "text",
    [
        "amount > 500.0 && card_count_1h > 5.0 && !has(device)",
        "amount > 500 && card_count_1h > 5 && !has(device)",
        "has(ip)",
        'listed(card, "stolen_cards") || tagged(customer, "trusted")',
        r'merchant.matches("^m_[0-9]{4,16}$") && merchant != "a\"b"',
        "score >= 0.5 // a comment with \"quotes' and ( brackets",
        'source in ["shop", "app"]',
        "hour_of_day in [1, 2, 3] && -amount < -math.greatest(5, card_amount_mean_24h)",
        'category == "grocery" ? amount > 100 : amount > 5',
        "true",
    ],
)
def test_an_expression_is_accepted(text: str) -> None:
    assert compile_expression(text, operands_of("payment", lists=LISTS)).text == text


def test_without_known_lists_any_list_may_be_named() -> None:
    found = compile_expression('listed(card, "gone")', operands_of("payment"))
    assert found.listed == {("card", "gone")}


def test_a_type_without_files_has_no_bank_to_name() -> None:
    with pytest.raises(ExpressionInvalid) as refused:
        compile_expression('banked("known_abuse")', operands_of("payment", banks=()))
    [problem] = refused.value.problems
    assert "No hash bank is looked up for payment events" in problem.message


def test_a_live_rule_may_name_a_bank_that_is_gone() -> None:
    found = compile_expression('banked("gone") && amount > 5.0', operands_of("payment"))
    assert (found.banks, found.lists) == ({"gone"}, frozenset())
