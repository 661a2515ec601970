"""Webhooks: signed requests to addresses that people enter, and the outbox in which they wait."""
