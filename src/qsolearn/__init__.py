"""qsolearn: find quasars among ten thousand times more stars."""

__version__ = "0.1.0"
