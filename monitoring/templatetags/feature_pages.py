"""`{% load feature_pages %}`: identifiers in words, ranges of numbers."""

from django import template

from monitoring.feature_pages.naming import in_words, ranges

register = template.Library()
register.filter("in_words", in_words)
register.filter("ranges", ranges)
