"""The three stages that choose the next case: retrieve by source, rank, re-rank."""
