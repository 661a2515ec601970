"""The pages of hash banks, with the admin's URLs."""

from scoring.rules.banks.pages import definition, importing, one_bank, overview

__all__ = ["definition", "importing", "one_bank", "overview"]
