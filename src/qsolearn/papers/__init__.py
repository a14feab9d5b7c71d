"""The three papers: one module each, with its published constants and results."""
