"""Messages about alerts: who gets which, when, by e-mail and webhook, and what became of each."""
