"""Judge an answer by its rule and say one sentence about it."""

__all__ = ["Verdict", "check"]

import html
import math
from dataclasses import dataclass

import numpy as np

from qsolearn.errors import nearest_names
from qsolearn.exercises.rules_of_the_book import rules


@dataclass(frozen=True)
class Verdict:
    """What `check` says of an answer; true if the answer is right.

    Attributes
    ----------
    state : str
        ``"right"``, ``"wrong"`` or ``"missing"``.
    message : str
        One sentence, which a notebook shows.

    Examples
    --------
    >>> bool(Verdict("wrong", "Not yet: too small."))
    False
    """

    state: str
    message: str

    def __bool__(self):
        """Whether the answer is right."""
        return self.state == "right"

    def __repr__(self):
        """The sentence itself."""
        return self.message

    def _repr_html_(self):
        """The sentence as a paragraph, since lines of text output do not wrap on a phone."""
        return f'<p class="exercise-check {self.state}">{html.escape(self.message)}</p>'


def check(exercise: str, answer: object) -> Verdict:
    """Say whether an answer to an exercise of the book is right, and if not, what may be wrong.

    Parameters
    ----------
    exercise : str
        Label of the exercise, such as ``"exercise-telescope"``.
    answer : object
        A number, several numbers of shape (n,), a word, or True or False, as the exercise asks.
        None means that there is no answer yet. NaN is never right.

    Returns
    -------
    Verdict
        True if the answer is right. No answer, however wrong, raises an error.

    Raises
    ------
    ValueError
        If there is no exercise of this name.

    Notes
    -----
    A number :math:`x` is right if :math:`|x - v| \\le w` with the rule's `value` :math:`v` and
    `within` :math:`w`; several numbers are if each of them is. The rules are in `rules`.

    Examples
    --------
    >>> check("exercise-telescope", None)
    No answer yet: replace None by the hours with each of the two rates, [with 0.027, with 0.0027].
    >>> check("exercise-telescope", [80, 38])
    Right: 79.69, 38.05 hours, give or take 1.
    >>> check("exercise-telescope", [239, 114])
    Not yet: these are the candidates, and each of them takes 20 minutes.
    """
    known = rules()
    if exercise not in known:
        raise ValueError(
            f"there is no exercise {exercise!r}; {nearest_names(exercise, known)}; "
            "take the name from the cell below the exercise"
        )
    rule = known[exercise]
    if answer is None:
        return Verdict("missing", f"No answer yet: replace None by {rule['asks']}.")
    judge = _judge_words if rule["kind"] in ("choice", "truth") else _judge_numbers
    wrong = judge(rule, answer)
    if wrong is None:
        return Verdict("right", f"Right: {_told(rule)}.")
    return Verdict("wrong", f"Not yet: {wrong}.")


def _told(rule):
    """The right answer of a rule in words."""
    if rule["kind"] in ("choice", "truth"):
        return str(rule["value"])
    shown = ", ".join(_shown(v) for v in np.atleast_1d(rule["value"]))
    unit = f" {rule['unit']}" if "unit" in rule else ""
    return shown + unit + (f", give or take {_shown(rule['within'])}" if rule["within"] else "")


def _shown(x):
    """A number with as many digits as a reader wants to see."""
    return f"{x:,.0f}" if 1000 <= abs(x) < math.inf else f"{x:.4g}"


def _judge_words(rule, answer):
    """Say what is wrong with one word, or with True or False, or return None."""
    if rule["kind"] == "truth":
        if not isinstance(answer, (bool, np.bool_)):
            return f"give True or False, not a value of type {type(answer).__name__}"
        given = bool(answer)
    else:
        words = [rule["value"], *(m["value"] for m in rule["mistakes"])]
        given = {w.casefold(): w for w in words}.get(str(answer).strip().casefold())
        if given is None:
            allowed = ", ".join(repr(w) for w in sorted(words))
            return f"give one of {allowed}"
    if given == rule["value"]:
        return None
    return next(m["say"] for m in rule["mistakes"] if m["value"] == given)


def _judge_numbers(rule, answer):
    """Say what is wrong with one number or with several, or return None."""
    value = np.asarray(rule["value"], dtype=float)
    given = _as_numbers(answer)
    if given is None:
        plain = "a plain number" if value.ndim == 0 else "plain numbers"
        return f"give {rule['asks']}, as {plain} and not as {type(answer).__name__}"
    if value.ndim == 0 and given.size == 1:
        given = given.reshape(())
    if given.shape != value.shape:
        wanted = "one number" if value.ndim == 0 else f"{value.size} numbers in a row"
        return f"give {wanted}, not an array of shape {given.shape}"
    if np.isnan(given).any():
        return "the answer holds NaN, so a missing value got into the sum"
    if _near(given, value, rule["within"]):
        return None
    for mistake in rule["mistakes"]:
        if _near(given, mistake["value"], mistake.get("within", rule["within"])):
            return mistake["say"]
    if _near(-given, value, rule["within"]):
        return "the size is right but the sign is not"
    if "unit" not in rule and _near(given / 100, value, rule["within"]):
        return "give a share between 0 and 1, not a percentage"
    k = np.flatnonzero(np.abs(given - value) > rule["within"])[0]
    small = given.flat[k] < value.flat[k]
    which = "" if value.ndim == 0 else f", number {k + 1} of {value.size},"
    unit = f" {rule['unit']}" if "unit" in rule else ""
    return (
        f"{_shown(given.flat[k])}{unit}{which} is too {'small' if small else 'large'}, "
        f"{rule['low'] if small else rule['high']}"
    )


def _near(given, value, within):
    """Whether all numbers are as near as they must be (inf - inf is not near)."""
    with np.errstate(invalid="ignore"):
        return bool(np.all(np.abs(given - np.asarray(value, dtype=float)) <= within))


def _as_numbers(answer):
    """The answer as an array of floats, or None if it is something else.

    True is no number here, and what carries a unit of its own is not read without it.
    """
    if hasattr(answer, "unit"):
        return None
    try:
        given = np.asarray(answer)
        return given.astype(float) if given.dtype.kind in "iuf" else None
    except (TypeError, ValueError, OverflowError):
        return None
