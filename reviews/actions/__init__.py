"""Actions that an installation defines for its cases: signed requests to services of its own."""
