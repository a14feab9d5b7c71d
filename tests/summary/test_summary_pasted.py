from qsolearn.summary import Text
from qsolearn.summary.pasted import check_pasted, reference_list

ENTRIES = "\n".join(f"[{i}] 2022, MNRAS, 514, {2700 + i}" for i in range(1, 12))
PROSE = " ".join(f"word{i} goes here" for i in range(60)) + "."


def kinds(flags):
    return [flag.check for flag in flags]


def test_a_reference_list_is_found_with_its_span():
    raw = f"We conclude.\nReferences:\n{ENTRIES}\nEnd of file"
    start, end = reference_list(raw)
    assert raw[start:end] == ENTRIES


def test_prose_with_years_is_no_reference_list():
    raw = "\n".join(f"In 20{i} the survey had {i} nights of data." for i in range(10, 20))
    assert reference_list(raw) is None
    assert reference_list("[1] 2010, MNRAS, 1, 2") is None


def test_a_pasted_source_is_one_flag_over_all():
    candidate = PROSE + "\n" + ENTRIES
    scores, flags = check_pasted(Text(candidate), Text(PROSE + " And more."))
    assert sorted(kinds(flags)) == ["pasted text", "reference list"]
    pasted = next(flag for flag in flags if flag.check == "pasted text")
    assert pasted.start == 0
    assert scores["pasted"] > 0.5


def test_page_furniture_gives_a_paste_away_without_a_source():
    candidate = "Draft version October 1, 2024\nTypeset using LATEX\nKeywords: Quasars\nWe see."
    assert kinds(check_pasted(Text(candidate), None)[1]) == ["pasted text"]


def test_a_long_run_is_marked_alone():
    own = " ".join(f"other{i}" for i in range(200)) + ". "
    run = " ".join(PROSE.split()[:60])
    scores, flags = check_pasted(Text(own + run), Text(PROSE))
    assert kinds(flags) == ["pasted text"]
    assert flags[0].start == len(own)
    assert 0 < scores["pasted"] < 0.5


def test_a_summary_in_its_own_words_is_not_marked():
    assert check_pasted(Text("A short text."), Text(PROSE)) == ({"pasted": 0.0}, [])
