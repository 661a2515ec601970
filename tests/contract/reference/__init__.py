"""A slow, obviously right reading of the feature declarations, in plain Python.

It keeps every applied item of every entity and computes each value from all of them: no rings, no heads, no
packed words, none of the compiler's tables. What a window covers is written once, in `windows.tiles_of`.
"""
