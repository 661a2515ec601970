"""The admin's own kit: pages beyond change lists, plots, how figures are written, and the looks of it all."""
