"""The pages of lists, with the admin's URLs."""

from scoring.rules.lists.pages import definition, exporting, importing, one_list, overview

__all__ = ["definition", "exporting", "importing", "one_list", "overview"]
