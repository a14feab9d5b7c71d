"""Do two summaries say the same."""
