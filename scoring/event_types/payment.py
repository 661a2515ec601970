"""Payments by card: their fields and features."""

from scoring.batch.compute.embedding import Embedding
from scoring.batch.compute.profile import Profile
from scoring.batch.compute.statistics import median, quantile, share_at, usual_hour
from scoring.batch.compute.trend import Trend
from scoring.batch.risk.view import Risk
from scoring.catalog.client_fields import IpAddress
from scoring.catalog.event_type import EventType, Labels, days
from scoring.catalog.fields import Category, Entity, Money, Number
from scoring.declare import day_of_week, distance, hour_of_day, pair, years_since
from scoring.event_types.payment_verdicts import PAYMENT_VERDICTS


class Payment(EventType):
    name = "payment"
    lane = "commerce"
    base_currency = "USD"
    matures_after = days(45)
    labels = Labels(positive="fraud", negative="legitimate")
    verdicts = PAYMENT_VERDICTS
    case_entities = ("card", "customer")
    appeals = "payment_appeal"
    failure_outcome = "review"
    no_model_outcome = "review"
    sliced_by = ("category", "amount", "card_since_first", "customer_age", "customer_city_pop")
    context_features = ("customer_age", "customer_city_pop")

    card = Entity(help="Token of the card")
    customer = Entity(says="by this customer", help="The customer's account")
    merchant = Entity(says="at this merchant", help="The seller")
    device = Entity(optional=True, says="on this device", help="Fingerprint of the device")
    ip = IpAddress(optional=True, says="from this address", help="IP address of the payment")
    amount = Money(help="Total charged")
    category = Category(optional=True, says="in this category", help="Kind of goods sold")
    customer_lat = Number(optional=True, minimum=-90, maximum=90, unit="°", verbose_name="Customer latitude")
    customer_lon = Number(
        optional=True, minimum=-180, maximum=180, unit="°", verbose_name="Customer longitude"
    )
    merchant_lat = Number(optional=True, minimum=-90, maximum=90, unit="°", verbose_name="Merchant latitude")
    merchant_lon = Number(
        optional=True, minimum=-180, maximum=180, unit="°", verbose_name="Merchant longitude"
    )
    customer_birth_year = Number(
        optional=True, minimum=1900, maximum=2100, verbose_name="Customer's year of birth"
    )
    customer_city_pop = Number(
        optional=True, minimum=0, unit="people", verbose_name="Population of the customer's city"
    )

    # What is typical over months, and what happens right now: computed ahead of time, not from states
    customer_profile = Profile(
        customer,
        over="90d",
        every="1d",
        stale_after="3d",
        typical_amount=median(amount),
        high_amount=quantile(amount, 0.95),
        night_share=share_at(hours=(22, 6)),
        usual_hour=usual_hour(),
    )
    taste = Embedding(customer, merchant, over="90d", every="1d", stale_after="7d")
    merchant_trend = Trend(merchant, over="1h", against="24h", every="10m", stale_after="45m")

    # How bad the scores of the last weeks were: for rules, not for models, which would learn from themselves
    customer_risk = Risk(customer, half_life="7d", every="6h", stale_after="3d")
    merchant_risk = Risk(merchant, half_life="7d", every="6h", stale_after="3d", combine="share")
    rule_features = [
        customer_risk.score.named("customer_risk"),
        merchant_risk.score.named("merchant_risk"),
    ]

    features = [
        amount,
        category,
        hour_of_day(),
        day_of_week(),
        customer_city_pop.named("customer_city_pop", says="The population of the customer's city is {value}"),
        years_since(customer_birth_year).named("customer_age", says="The customer's age is {value}"),
        # How busy is the card, and how much has it spent
        card.count(over="5m 1h 24h 7d 30d"),
        card.amount.sum(over="1h 24h 7d"),
        card.amount.mean(over="24h 30d"),
        card.amount.std(over="24h 7d 30d"),
        card.amount.max(over="24h 7d 30d"),
        amount / card.amount.mean(over="30d"),
        amount / card.amount.max(over="30d"),
        ((amount - card.amount.mean(over="30d")) / card.amount.std(over="30d")).named("card_amount_z_30d"),
        card.last(amount),
        card.since_last(),
        card.since_first(),
        # What has happened since the card last paused
        card.session(gap="1h").count(),
        card.session(gap="1h").amount.sum(),
        # Stolen cards are tested with small amounts, then emptied with large ones
        card.count(over="1h", where=amount.below(5)),
        card.count(over="7d", where=amount.at_least(500)),
        # Does the card do something it has not done before
        card.distinct(merchant, over="24h"),
        card.distinct(category, over="24h", cap=16),  # hardly any card has more: half the memory
        card.is_new(merchant),
        card.changed(category),
        card.since_last_same(device),
        card.since_last_same(category, cap=16),
        pair(card, merchant).count(over="30d"),
        # How does this customer usually buy this category
        pair(customer, category).count(over="30d"),
        pair(customer, category).amount.mean(over="30d"),
        amount / pair(customer, category).amount.mean(over="30d"),
        # Is it like this customer in the last three months
        amount / customer_profile.typical_amount,
        amount / customer_profile.high_amount,
        customer_profile.night_share,
        customer_profile.usual_hour,
        taste.affinity,
        # Is the customer, the device or the address shared or spread
        customer.distinct(card, over="30d"),
        device.distinct(card, over="24h"),
        ip.distinct(card, over="24h"),
        # What is known about the merchant, and how earlier payments were labeled
        merchant.count(over="1h 7d 30d"),
        merchant.since_last(),
        merchant_trend.ratio,
        merchant.amount.mean(over="30d"),
        merchant.fraud_share(over="7d 30d", delay="14d"),
        card.fraud_count(over="30d", delay="0d", tile="1d"),
        card.count(over="30d", of="refund"),
        merchant.amount.sum(over="7d", of="refund"),
        # Where does it happen
        distance(customer_lat, customer_lon, merchant_lat, merchant_lon).named(
            "customer_merchant_km", says="The distance between customer and merchant is {value}"
        ),
        card.speed_from_last(merchant_lat, merchant_lon),
    ]
