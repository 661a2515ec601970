"""The admin's toolkit: pages, lists, plots, badges and number formats."""
