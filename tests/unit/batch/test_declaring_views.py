"""A view that cannot work is refused where it stands."""

import numpy as np
import pytest

from scoring.batch.compute.embedding import Embedding
from scoring.batch.compute.profile import Profile
from scoring.batch.compute.statistics import count, favorite_share, median, quantile, share_at
from scoring.batch.compute.trend import Trend
from scoring.batch.views import ViewEvents
from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Category, Entity, Money, Number
from scoring.declare.errors import CatalogError
from scoring.features.compile.plan import compile_lane
from scoring.sentences.value_sentences import describe_value
from tests.factories.views import Order, key_column, values_of

CARD, AMOUNT = Entity(), Money()


def nightly(*entities, **changes):
    times = {"over": "90d", "every": "1d", "stale_after": "3d", "n": count()}
    return Profile(*(entities or (CARD,)), **times | changes)


REFUSED = {
    "a length of time": (lambda: nightly(over="90 days"), "'90 days' is not a length of time"),
    "a window that ends between versions": (lambda: nightly(over="36h"), "36h is not a multiple of every 1d"),
    "stale before the next": (lambda: nightly(stale_after="1h"), "stale_after 1h is shorter than every 1d"),
    "no entity": (lambda: nightly(AMOUNT), "is not an entity"),
    "nothing said": (lambda: Profile(CARD, over="9d", every="1d", stale_after="3d"), "at least one"),
    "no statistic": (lambda: nightly(n=AMOUNT), "is not a statistic"),
    "a name that every view has": (lambda: nightly(unit=count()), "'unit' is reserved in batch views"),
    "a median of names": (lambda: nightly(n=median(CARD)), "is not a Money or Number or Flag field"),
    "a favorite amount": (lambda: nightly(n=favorite_share(AMOUNT)), "is not a Category or Entity field"),
    "a quantile beyond 1": (lambda: nightly(n=quantile(AMOUNT, 95)), "between 0 and 1, not 95"),
    "an unknown day": (lambda: share_at(weekdays="sat sunday"), "'sunday' is not a day of the week"),
    "an hour that no day has": (lambda: share_at(hours=(20, 25)), "from 0 to 24, not (20, 25)"),
    "no time at all": (lambda: share_at(weekdays=" "), "share_at takes hours"),
    "no dimension": (
        lambda: Embedding(CARD, CARD, over="9d", every="1d", stale_after="3d", dimensions=0),
        "has 1 to 64 dimensions, not 0",
    ),
    "a day within an hour": (
        lambda: Trend(CARD, over="24h", against="1h", every="10m", stale_after="30m"),
        "against 1h must be longer than over 24h",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_an_invalid_declaration_is_refused_with_its_line(case):
    declare, problem = REFUSED[case]
    with pytest.raises(CatalogError) as refused:
        declare()
    assert problem in str(refused.value)
    assert refused.value.module == __name__


def test_the_line_is_that_of_the_declaration():
    def declare() -> None:
        Trend(CARD, over="1h", against="24h", every="7m", stale_after="30m")

    with pytest.raises(CatalogError, match="1h is not a multiple of every 7m") as refused:
        declare()
    assert refused.value.line == declare.__code__.co_firstlineno + 1


def test_a_value_that_a_view_does_not_have_is_refused_with_those_it_has():
    with pytest.raises(CatalogError, match="no 'raito': ratio, count") as refused:
        Order.rush.raito  # noqa: B018 (reading it is the declaration)
    assert refused.value.module == __name__


def declared(**body) -> dict[str, type[EventType]]:
    """The event types there are: one with this body, and a neighbor in another lane."""
    own = type("Sale", (EventType,), {"name": "sale", "lane": "sales", **body})
    return {"sale": own, "order": Order}


def test_a_field_of_another_event_type_is_refused():
    card, stray = Entity(), Number()
    view = nightly(card, n=median(stray))
    types = declared(card=card, amount=Money(), habits=view)
    with pytest.raises(CatalogError, match=r"sale has no field Number\(''\): .*Money\('amount'\)") as refused:
        view.check(types)
    assert refused.value.module == __name__


def test_events_of_another_lane_are_refused():
    card = Entity()
    view = nightly(card, of="order")
    with pytest.raises(CatalogError, match="of='order' is not an event type of lane sales: sale"):
        view.check(declared(card=card, habits=view))


def test_an_event_type_without_the_entity_is_refused():
    card, shop = Entity(), Entity()
    view = nightly(card, of="visit")
    visit = type("Visit", (EventType,), {"name": "visit", "lane": "sales", "shop": shop})
    with pytest.raises(CatalogError, match="visit has no entity 'card'"):
        view.check(declared(card=card, habits=view) | {"visit": visit})


def test_an_entity_of_the_same_kind_is_found_under_its_other_name():
    seller, shop = Entity(kind="account"), Entity(kind="account")
    view = nightly(seller, of="visit")
    visit = type("Visit", (EventType,), {"name": "visit", "lane": "sales", "shop": shop})
    view.check(declared(seller=seller, habits=view) | {"visit": visit})
    assert view.source_field(visit, seller) == "shop"


class Wire(EventType):
    name, lane = "wire", "sales"
    sender, receiver = Entity(kind="account"), Entity(kind="account")
    amount = Money()

    incoming = Profile(
        sender.as_(receiver),
        over="9d",
        every="1d",
        stale_after="3d",
        typical=median(amount),
        loyalty=favorite_share(sender),
    )


def test_an_entity_is_looked_for_where_its_role_says():
    view = Wire.batch_views["incoming"]
    view.check({"wire": Wire})
    assert view.source_field(Wire, Wire.fields["sender"]) == "receiver"
    assert [table.field for table in view.tables] == ["sender"]
    assert view.definition["roles"] == ("receiver",)
    spec = compile_lane("sales", [type("Told", (Wire,), {"features": [Wire.incoming.typical]})])
    (typical,) = spec.feature_set("wire").features
    assert "wires with this sender as receiver in 9 d" in describe_value(typical, value=500)


def test_what_an_account_received_is_told_by_who_received_it():
    """Two to ann and one to bob: ann's typical amount counts what she received, from any sender."""
    view = Wire.batch_views["incoming"]
    events = ViewEvents(
        times=np.array([1, 2, 3]),
        names={
            "sender as receiver": key_column(["ann", "ann", "bob"]),
            "sender": key_column(["cat", "cat", "ann"]),
        },
        numbers={"amount": np.array([100.0, 300.0, 900.0])},
    )
    ann = values_of(view, events, {"sender": "ann"}, as_of_us=10)
    assert ann == {"typical": 200.0, "loyalty": 1.0}


def test_one_of_several_fields_of_a_kind_has_to_be_named():
    account = Entity()
    view = nightly(account, of="wire")
    with pytest.raises(
        CatalogError, match=r'sender, receiver; say which one is meant: account.as_\("sender"\)'
    ):
        view.check(declared(account=account, habits=view) | {"wire": Wire})
    named = nightly(account.as_("receiver"), of="wire")
    named.check(declared(account=account, habits=named) | {"wire": Wire})
    assert named.source_field(Wire, account) == "receiver"


def test_a_value_is_known_by_the_views_name_and_its_own():
    value = Order.rush.ratio
    assert (value.name, value.column) == ("rush_ratio", "rush.ratio")
    assert Order.batch_views == {"habits": Order.habits, "taste": Order.taste, "rush": Order.rush}
    assert [view.key for view in Order.batch_views.values()] == ["order.habits", "order.taste", "order.rush"]


def test_the_definition_changes_with_the_declaration_and_not_with_its_location():
    def hash_of(**changes) -> str:
        card, amount = Entity(), Money()
        kind = Category()
        view = nightly(card, **{"n": median(amount)} | changes)
        declared(card=card, amount=amount, kind=kind, habits=view)
        return view.definition_hash

    assert hash_of() == hash_of()
    assert len({hash_of(), hash_of(over="30d"), hash_of(n=count()), hash_of(m=count())}) == 4
