"""Writes: one verb_noun function each, keyword arguments only."""
