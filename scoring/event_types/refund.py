"""Refunds: not scored, but in the payments' lane, so that payments' features can count them."""

from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Entity, Money


class Refund(EventType):
    name = "refund"
    lane = "commerce"
    scored = False
    base_currency = "USD"

    card = Entity(help="Token of the card")
    customer = Entity(help="The customer's account")
    merchant = Entity(help="The seller")
    amount = Money(help="Amount refunded")
