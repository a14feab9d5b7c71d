"""Check a reader's answers to the exercises of the book, by rules that stand in ``rules/``."""

from qsolearn.exercises.checking import Verdict, check
from qsolearn.exercises.rules_of_the_book import rules

__all__ = ["Verdict", "check", "rules"]
