"""Selectors: each learns from labelled sources and gives every new source a probability."""
