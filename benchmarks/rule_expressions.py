"""The expressions of the rules that benchmarks ask. Free of Django, so that tests can import them."""

# Templates of rules; {n} makes them differ. Like those of real installations, most match few events.
EXPRESSIONS = (
    "amount > {n}000.0 && card_count_1h > 5.0 && !has(device)",
    'category == "travel" && amount > {n}00.0',
    'listed(card, "stolen_cards") && amount > {n}.0',
    "card_count_24h > {n}00.0 || card_distinct_merchant_24h > {n}0.0",
    "score > 0.9{n} && amount > 100.0",
    'merchant.startsWith("shop-{n}-") && amount > 50.0',
    "card_amount_mean_30d > 0.0 && amount > card_amount_mean_30d * {n}0.0",
    '!listed(customer, "watched_customers") && amount > {n}0000.0',
    "hour_of_day < 5.0 && amount > {n}00.0 && card_count_24h > 3.0",
    'merchant.matches("^m-{n}[0-9]{{3}}x$")',
)
