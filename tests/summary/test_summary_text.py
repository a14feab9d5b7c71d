import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qsolearn.summary import Text, read_text
from qsolearn.summary.text import LONGEST_SENTENCE, MAX_CHARACTERS, stem

ANY = st.text(st.characters(blacklist_characters="\0", blacklist_categories=("Cs",)), max_size=300)


@settings(derandomize=True, max_examples=200)
@given(ANY)
def test_spans_are_exact_and_in_order(raw):
    if not any(map(str.isalnum, raw)):
        with pytest.raises(ValueError, match=r"empty|no word"):
            Text(raw)
        return
    text = Text(raw)
    for word, start, end in zip(text.words, text.starts, text.ends, strict=True):
        assert word[0] == raw[start:end].lower()[0]
    assert text.starts == sorted(text.starts)
    ends = [0]
    for start, end in text.sentences:
        assert start >= ends[-1]
        assert end > start
        ends.append(end)
    assert text.first_word[-1] == len(text)
    assert text.first_word == sorted(text.first_word)
    if text.sentences:
        assert text.first_word[0] == 0
        for s, (start, end) in enumerate(text.sentences):
            words = range(text.first_word[s], text.first_word[s + 1])
            assert all(start <= text.starts[i] and text.ends[i] <= end for i in words)


def test_a_line_break_hyphen_is_repaired_and_keeps_its_span():
    raw = "We select can-\ndidates in the I-\nband and near-infrared."
    text = Text(raw)
    assert text.words == [
        "we",
        "select",
        "candidates",
        "in",
        "the",
        "i",
        "band",
        "and",
        "near",
        "infrared",
    ]
    i = text.words.index("candidates")
    assert raw[text.starts[i] : text.ends[i]] == "can-\ndidates"
    assert text.sentence_text(0) == "We select candidates in the I-band and near-infrared."


def test_a_hyphen_inside_a_line_is_repaired_with_a_vocabulary():
    assert Text("candi-dates").words == ["candi", "dates"]
    assert Text("candi-dates", {"candidates"}).words == ["candidates"]
    assert Text("co-author", {"coauthor", "co", "author"}).words == ["co", "author"]


def test_sentences_survive_abbreviations_numbers_and_initials():
    text = Text("Mateos et al. found 2.5 in Fig. 3 of J. Smith. It is new! Really? Yes.")
    assert text.sentence_texts() == [
        "Mateos et al. found 2.5 in Fig. 3 of J. Smith.", "It is new!", "Really?", "Yes.",
    ]  # fmt: skip


def test_lower_case_and_spaced_text_is_split():
    raw = "the method works . we test it with p . values .\n\nbackground is low ."
    assert len(Text(raw).sentences) == 4


def test_a_text_without_sentence_ends_is_cut():
    text = Text("word " * 500)
    lengths = np.diff(text.first_word)
    assert lengths.max() == LONGEST_SENTENCE
    assert lengths.sum() == 500


def test_numbers_stay_whole():
    assert Text("72,964 and 22.75, 3").words == ["72,964", "and", "22.75", "3"]


@pytest.mark.parametrize(
    ("one", "other"),
    [("candidate", "candidates"), ("select", "selecting"), ("study", "studies"),
     ("stopped", "stop"), ("galaxy", "galaxies")],
)  # fmt: skip
def test_stems_join_forms(one, other):
    assert stem(one) == stem(other)


@pytest.mark.parametrize(
    ("raw", "error", "words"),
    [
        ("", ValueError, "empty"),
        (" \n", ValueError, "empty"),
        ("a\0b", ValueError, "binary"),
        (b"abc", TypeError, "must be a string"),
        (None, TypeError, "must be a string"),
    ],
)
def test_bad_texts_are_refused(raw, error, words):
    with pytest.raises(error, match=words):
        Text(raw)


def test_a_text_that_is_too_long_is_refused():
    with pytest.raises(ValueError, match="limit is"):
        Text("a" * (MAX_CHARACTERS + 1))


def test_files_are_read_or_refused(tmp_path):
    good = tmp_path / "good.txt"
    good.write_bytes("\ufeffSigma: σ".encode())
    assert read_text(good) == "Sigma: σ"
    binary = tmp_path / "binary.txt"
    binary.write_bytes(b"\x89PNG\x00\xff\xfe")
    with pytest.raises(ValueError, match="not text in UTF-8"):
        read_text(binary)
    nul = tmp_path / "nul.txt"
    nul.write_bytes(b"abc\x00")
    with pytest.raises(ValueError, match="not text in UTF-8"):
        read_text(nul)
    empty = tmp_path / "empty.txt"
    empty.write_text(" \n")
    with pytest.raises(ValueError, match="is empty"):
        read_text(empty)
    with pytest.raises(FileNotFoundError, match="no text file"):
        read_text(tmp_path / "none.txt")


def test_a_file_that_is_too_long_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("qsolearn.summary.text.MAX_CHARACTERS", 2)
    long = tmp_path / "long.txt"
    long.write_text("a" * 9)
    with pytest.raises(ValueError, match="the limit is 8"):
        read_text(long)
