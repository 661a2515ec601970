"""A configuration file with every section."""

CONFIGURATION = """\
version: 1
lists:
  stolen_cards:
    title: Stolen cards
    action: block
    kind: card
    sentence: "The card is blocked: Stolen cards"
  trusted:
    title: Trusted customers
    action: tag
    kind: customer
    code: TRUSTED
    sentence: The customer is trusted
    description: Asked for by support
banks:
  known_abuse:
    title: Known abuse
    action: review
    distance: 20
    policy: sexual
    sentence: The picture is known abuse
rules:
  payment:
    large_amount:
      active:
        expression: |-
          amount > 500.0
            && !tagged(customer, "trusted")
        outcome: review
        sentence: The amount is large
        share: 0.5
        unit: customer
      shadow:
        expression: amount > 300.0
        outcome: review
        sentence: The amount is large
    velocity:
      draft:
        expression: card_count_1h > 5.0
        outcome: block
        sentence: Many payments with this card
        code: CARD_VELOCITY
        description: From the case of last week
        overrides_lists: true
policies:
  payment:
    active:
      mode: cost
      costs:
        margin: 0.02
        insult: 500
        chargeback_fee: 2000
        loss_share: 1.0
        actions:
          - outcome: review
            cost: 300
            catches: 0.9
            loses: 0.0
      description: By cost
      segments:
        - name: large
          expression: amount > 1000.0
          mode: fixed
          thresholds:
            review: 0.1
            block: 0.5
exploration:
  payment:
    share: 0.01
    amount_cap: 10000
    daily_cap: 100000
breakers:
  payment:
    max_share: 0.3
    max_blocks: 500
schedules:
  export every hour:
    task: scoring.offline.tasks.export
    every: 1 hours
alerts:
  lanes.parked:
    threshold: 5.0
    severity: critical
  many_fallbacks:
    metric: decisions.fallback_share
    scope:
      event_type: payment
    threshold: 0.25
gates:
  payment:
    latency:
      limit: 5
      override: lead
    artifact size:
      enabled: true
guardrails:
  payment:
    watch_hours: 48
    slow:
      slower_than_ms: 400
    score_shift:
      enabled: false
triggers:
  payment:
    cool_down_hours: 12
    drift:
      psi: 0.4
    labels:
      enabled: false
four_eyes:
  payment:
    positive:
      from_amount: 500
    negative:
      always: true
review_quality:
  payment:
    tell_missed: true
    second_reviews:
      share: 0.05
    golden_items:
      share: 0.02
notifications:
  group/lead:
    time_zone: Europe/Vienna
    max_a_day: 5
review_queues:
  large_amounts:
    event_type: payment
    condition: amount > 1000
    sla_minutes: 60
    groups:
      - lead
    weights:
      label: 0.5
    quotas:
      sample: 0.1
case_actions:
  refund:
    event_types:
      - payment
    purpose: Pays the amount back to the card.
    key: R
    parameters:
      amount:
        kind: amount
        maximum: 500.0
      cause:
        kind: choice
        required: false
        choices:
          - duplicate
          - goodwill
    groups:
      - lead
review_sources:
  payment:
    margin: 0.1
    uncertain:
      share: 0.2
"""
