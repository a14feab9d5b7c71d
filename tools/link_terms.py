"""Link each term of the glossary where a chapter uses it first.

    python tools/link_terms.py            lists first uses without a link; 1 if there are any
    python tools/link_terms.py --write    links them

Only running text counts: not titles, goals, code, tables, mathematics, links, nor exercises.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
GLOSSARY = ROOT / "book/reference/glossary.md"
#: Folders whose pages are no chapters, and pages that only point elsewhere.
NO_CHAPTERS = {"reference", "api", "book"}
NO_LESSONS = {"coverage", "quiz"}
#: Words that mean something else in a part of the book.
OTHER_MEANINGS = {
    "summaries": {
        "source", "candidate", "evidence", "band", "color", "template", "prior", "threshold",
        "selector", "magnitude", "type 1", "training set", "test set", "quasar", "redshift",
    },
}  # fmt: skip

#: What is no running text, in the order in which it is blanked out.
SKIPPED = (
    r"\A---\n.*?\n---\n",
    r"^`{3,}\{(?:code-cell|bibliography|math)\}.*?^`{3,}\s*?$",
    r"^`{3,5}\{exercise\}.*?\{solution-end\}\n`{3,5}$",
    r"^`{3,}\{list-table\}.*?^`{3,}$",
    r"^\*\*You will be able to\*\*.*?(?=^\*\*Minutes\*\*|^```$)",
    r"^#+ .*?$",
    r"^\*\*Next\*\*.*?(?=\n\n|\Z)",
    r"^\|.*?$",
    r"^ {4}\S.*?$",
    r"^:\w+:.*?$",
    r"^`{3,}.*?$",
    r"^\([\w-]+\)=$",
    r"\$\$.*?\$\$",
    r"\$[^$\n]+\$",
    r"\[[^\]]*\]\([^)]*\)",
    r"\borders?\s+of\s+magnitude\b|\bour\s+source\b",  # other meanings
)
CODE_OR_ROLE = re.compile(r"(\{[\w:]+\})?`+[^`]+`+")
TERM = re.compile(r"\{term\}`([^`<]*?)(?:\s*<([^>`]+)>)?`")


def terms(text=None):
    """Terms of the glossary."""
    text = GLOSSARY.read_text() if text is None else text
    inside = re.search(r"```\{glossary\}\n(.*?)\n```", text, re.S)[1]
    return [line for line in inside.splitlines() if line and not line.startswith(" ")]


def chapters():
    """Paths of the pages that are checked."""
    return [
        path
        for path in sorted((ROOT / "book").rglob("*.md"))
        if path.parent.name not in NO_CHAPTERS and path.stem not in NO_LESSONS
    ]


def running_text(text):
    """The text with everything else but links to terms blanked out, character by character."""
    for pattern in SKIPPED:
        text = re.sub(pattern, _blank, text, flags=re.S | re.M)
    return CODE_OR_ROLE.sub(lambda m: m[0] if m[1] == "{term}" else _blank(m), text)


def _blank(found):
    return re.sub(r"[^\n]", " ", found[0])


def _words(term):
    """Pattern of a term and its plural, over line ends and with a capital."""
    words = [re.escape(w) for w in term.split()]
    if term.isupper() or "(" in term or not term[0].isalpha():
        return r"\s+".join(words)
    first = f"[{term[0].lower()}{term[0].upper()}]"
    words[0] = first + words[0][1:]
    if words[-1].endswith("y") and not words[-1].endswith("ay"):
        words[-1] = words[-1][:-1] + "(?:y|ies)"
    elif not words[-1].endswith(("s", "ed", "ing")):
        words[-1] += "s?"
    return r"\s+".join(words)


def unlinked(text, known, skip=()):
    """First uses without a link: (term, start, end), in the order of the text."""
    prose = running_text(text)
    linked = {}
    for found in TERM.finditer(prose):
        target = " ".join((found[2] or found[1]).split())
        linked.setdefault(target.lower(), found.start())
    prose = TERM.sub(_blank, prose)
    by_length = sorted(known, key=len, reverse=True)
    any_term = re.compile(
        r"(?<![\w/-])(?:" + "|".join(f"({_words(t)})" for t in by_length) + r")(?![\w/]|-\w)"
    )
    first = {}
    for found in any_term.finditer(prose):
        first.setdefault(by_length[found.lastindex - 1], found.span())
    return sorted(
        (
            (term, *span)
            for term, span in first.items()
            if term not in skip and linked.get(term.lower(), len(text)) > span[0]
        ),
        key=lambda use: use[1],
    )


def with_links(text, uses):
    """The text with a link at each of these uses."""
    for term, start, end in reversed(uses):
        shown = text[start:end]
        same = " ".join(shown.split()) == term
        text = text[:start] + f"{{term}}`{shown if same else f'{shown} <{term}>'}`" + text[end:]
    return text


def main(arguments):
    """List or link."""
    known, found = terms(), 0
    for path in chapters():
        text = path.read_text(encoding="utf-8")
        uses = unlinked(text, known, OTHER_MEANINGS.get(path.parent.name, ()))
        found += len(uses)
        for term, start, end in uses:
            around = " ".join(text[max(start - 45, 0) : end + 25].split())
            print(f"{path.relative_to(ROOT)}: {term}: {around}")
        if "--write" in arguments and uses:
            path.write_text(with_links(text, uses), encoding="utf-8")
    return int(found > 0 and "--write" not in arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
