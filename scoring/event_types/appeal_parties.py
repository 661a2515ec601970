"""Who may appeal against a decision."""

AFFECTED = "affected"
# The affected, and third parties: those who act for them, whose rights are concerned, or with authority.
PARTIES = (AFFECTED, "representative", "cardholder_bank", "rights_holder", "authority", "other")
