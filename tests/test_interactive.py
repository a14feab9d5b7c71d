"""Interactive figures: the same bytes, plain data, one sentence when something is missing."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qsolearn import display

pytest.importorskip("bokeh")
ROOT = Path(__file__).parents[1]


def make(values=(0.1, 0.2), label="threshold"):
    """A figure of one line with a slider that moves it."""
    from bokeh.layouts import column
    from bokeh.models import ColumnDataSource, CustomJS, Slider

    figure = display.empty_figure("x", "y")
    source = ColumnDataSource({"x": np.arange(len(values)), "y": np.asarray(values)})
    figure.line("x", "y", source=source)
    slider = Slider(start=0, end=1, step=0.1, value=0, title=label)
    slider.js_on_change("value", CustomJS(args={"source": source}, code="source.change.emit()"))
    return display.InteractiveFigure(column(figure, slider), alt="A line & a <slider>.")


def test_the_same_figure_gives_the_same_bytes_and_another_one_others():
    first = make().to_html()
    assert first == make().to_html()
    assert first != make((0.1, 0.3)).to_html()


def test_ids_are_unique_to_a_figure_and_every_reference_is_kept():
    def ids(value, kind):
        if isinstance(value, dict):
            own = value.get("id")
            if isinstance(own, str) and ("name" in value) == (kind == "made"):
                yield own
            value = list(value.values())
        for part in value if isinstance(value, list) else []:
            yield from ids(part, kind)

    figures = [json.loads(make(v).to_json()) for v in [(0.1, 0.2), (0.1, 0.3)]]
    made = [list(ids(f, "made")) for f in figures]
    assert len(made[0]) == len(set(made[0])) > 10
    assert not set(made[0]) & set(made[1])
    for figure, names in zip(figures, made, strict=True):
        assert {*ids(figure, "named"), figure["root_id"]} <= set(names)


def test_data_are_rounded_lists_and_missing_values_stay_missing():
    text = make((1 / 3, np.nan, np.inf, -np.inf)).to_json()
    assert "ndarray" not in text
    assert "[0.333333,{" in text
    assert [text.count(f'"{word}"') for word in ("nan", "+inf", "-inf")] == [1, 1, 1]
    json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))


def test_the_output_tells_what_it_shows_and_ends_no_script_early():
    html = make(label="</script>").to_html()
    assert 'aria-label="A line &amp; a &lt;slider&gt;."' in html
    assert html.count("</script>") == 2
    assert "display.load_in_notebook()" in html
    assert "A line" in repr(make())


def test_a_figure_without_a_text_is_refused():
    with pytest.raises(ValueError, match="needs a text in alt"):
        display.InteractiveFigure(None, alt=" ")


@pytest.mark.parametrize(
    "call",
    [
        lambda: display.InteractiveFigure(None, alt="x"),
        lambda: display.empty_figure("x", "y"),
        display.load_in_notebook,
    ],
)
def test_without_bokeh_one_sentence_says_what_to_install(call, monkeypatch):
    monkeypatch.setitem(sys.modules, "bokeh", None)
    with pytest.raises(ImportError, match=r"needs the package bokeh; install it with: pip"):
        call()


def test_bokeh_is_imported_only_when_a_figure_is_made():
    code = "import sys, qsolearn.display; assert 'bokeh' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


cases = st.lists(
    st.tuples(st.booleans(), st.sampled_from([0.0, 0.2, 0.25, 0.5, 0.7, 1.0, np.nan])), min_size=1
)


@given(cases, st.sampled_from([0.05, 0.1, 0.5]))
def test_a_threshold_table_counts_as_one_counts_by_hand(sources, step):
    truth, probability = (np.array(c) for c in zip(*[(True, 0.6), *sources], strict=True))
    table = display.ThresholdDisplay.from_predictions(truth, probability, step).table
    assert len(table) == round(1 / step) + 1
    for row in table.itertuples():
        taken = [bool(t) for t, p in zip(truth, probability, strict=True) if p >= row.threshold]
        assert (row.selected, row.found) == (len(taken), sum(taken))
        assert row.completeness == sum(taken) / sum(truth)
        assert row.efficiency == sum(taken) / len(taken) if taken else np.isnan(row.efficiency)


@pytest.mark.parametrize(
    ("truth", "probability"), [([True], [0.1, 0.2]), ([False, False], [0.1, 0.2])]
)
def test_a_threshold_table_refuses_what_it_cannot_count(truth, probability):
    with pytest.raises(ValueError, match="give one of each per source, and a quasar at least"):
        display.ThresholdDisplay.from_predictions(truth, probability)


def test_a_page_with_a_figure_loads_bokeh_once_and_another_page_does_not(tmp_path):
    (tmp_path / "conf.py").write_text("extensions = ['interactive_figures']\n")
    raw = "\n".join("   " + line for line in make().to_html().splitlines())
    (tmp_path / "index.rst").write_text("Plain\n=====\n\n.. toctree::\n\n   moving\n")
    (tmp_path / "moving.rst").write_text(f"Moving\n======\n\n.. raw:: html\n\n{raw}\n")
    build = [sys.executable, "-m", "sphinx", "-q", "-W", str(tmp_path), str(tmp_path / "out")]
    subprocess.run(build, check=True, env={"PYTHONPATH": str(ROOT / "book" / "_ext"), "PATH": ""})
    pages = {n: (tmp_path / "out" / f"{n}.html").read_text() for n in ("index", "moving")}
    assert "bokeh" not in pages["index"]
    for name in ("bokeh.min.js", "bokeh-widgets.min.js"):
        assert pages["moving"].count(f"_static/bokeh/{name}") == 1
        assert (tmp_path / "out" / "_static" / "bokeh" / name).stat().st_size > 1e5
