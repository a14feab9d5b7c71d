"""Read what the right answers are: one TOML file for each part of the book."""

__all__ = ["KINDS", "rules"]

import functools
import tomllib
from importlib.resources import files

#: The fields that a rule of each kind has. ``unit`` is optional for numbers.
KINDS = {
    "number": {"chapter", "kind", "asks", "value", "within", "low", "high", "mistakes"},
    "numbers": {"chapter", "kind", "asks", "value", "within", "low", "high", "mistakes"},
    "choice": {"chapter", "kind", "asks", "value", "mistakes"},
    "truth": {"chapter", "kind", "asks", "value", "mistakes"},
}


@functools.cache
def rules() -> dict[str, dict]:
    """The rules of all exercises, from the files in ``qsolearn/exercises/rules``.

    Returns
    -------
    dict of str to dict
        A rule for the label of each exercise. Every rule has

        - ``chapter``: the file of the chapter in the folder of its part, without ending;
        - ``kind``: ``number``, ``numbers`` (several at once), ``choice`` (of words) or ``truth``;
        - ``asks``: what is to be given, in words that fit after "replace None by";
        - ``value``: the right answer, which is what the solution in the book yields;
        - ``mistakes``: a list of ``{value, say}``, wrong answers with what to say of each. The
          wrong words of a choice are exactly these.

        Numbers have besides ``within`` (how far an answer may be from ``value``; a mistake may have
        one of its own), ``low`` and ``high`` (what to say of an answer that is too small or too
        large), and may have ``unit``.

    Raises
    ------
    ValueError
        If two exercises have the same label.

    Examples
    --------
    >>> rules()["exercise-telescope"]["unit"]
    'hours'
    """
    found: dict[str, dict] = {}
    folder = files("qsolearn.exercises") / "rules"
    for path in sorted(folder.iterdir(), key=lambda p: p.name):
        if path.name.endswith(".toml"):
            part = path.name.removesuffix(".toml")
            for label, rule in tomllib.loads(path.read_text(encoding="utf-8")).items():
                if label in found:
                    raise ValueError(
                        f"two exercises are called {label!r}, in {found[label]['chapter']} and in "
                        f"{part}/{rule['chapter']}; rename one of them"
                    )
                found[label] = {**rule, "chapter": f"{part}/{rule['chapter']}"}
    return found
