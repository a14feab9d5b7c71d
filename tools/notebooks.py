"""Keep each chapter's notebook (.ipynb) in step with its source (.md).

    python tools/notebooks.py refresh [CHAPTER.md ...]   execute and write the notebooks
    python tools/notebooks.py check                      fail if a notebook is out of step

The notebook holds the source's cells with reference outputs: text only (images and tracebacks are
left out), execution counts kept, cell ids made from position and content so that the file changes
only where the chapter did. `pytest --nbval book` compares a fresh run with these outputs.
"""

import hashlib
import sys
from pathlib import Path

import jupytext
import nbformat
from nbconvert.preprocessors import ExecutePreprocessor

ROOT = Path(__file__).parents[1]


def chapters():
    """Sources of the book that are notebooks: those whose header names a kernel."""
    return sorted(
        path
        for path in (ROOT / "book").rglob("*.md")
        if "\nkernelspec:" in path.read_text(encoding="utf-8")[:2000]
    )


def cells_of(source):
    """Kind, text and tags of the cells of a source, as they must stand in the notebook."""
    notebook = jupytext.read(source)
    return [(c.cell_type, c.source, c.metadata.get("tags", [])) for c in notebook.cells]


def refresh(source):
    """Execute a source and write the notebook beside it."""
    notebook = jupytext.read(source)
    runner = ExecutePreprocessor(timeout=300, kernel_name="python3", coalesce_streams=True)
    runner.preprocess(notebook, {"metadata": {"path": str(source.parent)}})
    for position, cell in enumerate(notebook.cells):
        text = f"{position}:{cell.cell_type}:{cell.source}"
        cell["id"] = hashlib.sha256(text.encode()).hexdigest()[:12]
        if cell.cell_type == "code":
            cell.metadata.pop("execution", None)
            kept = [o for o in cell.outputs if o.output_type != "error"]
            for output in kept:
                data = output.get("data", {})
                for kind in [k for k in data if k.startswith("image/")]:
                    del data[kind]
            cell.outputs = [o for o in kept if o.get("data", True)]
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    nbformat.write(notebook, source.with_suffix(".ipynb"))


def out_of_step(source):
    """Say what is wrong with the notebook of a source, or return None."""
    path = source.with_suffix(".ipynb")
    if not path.is_file():
        return "has no notebook"
    notebook = nbformat.read(path, as_version=4)
    found = [(c.cell_type, c.source, c.metadata.get("tags", [])) for c in notebook.cells]
    if found != cells_of(source):
        return "differs from its notebook"
    code = [c for c in notebook.cells if c.cell_type == "code" and c.source.strip()]
    if not code or any(c.execution_count is None for c in code):
        return "has a notebook that was not executed"
    return None


def main(command="check", *names):
    """Refresh or check."""
    if command == "refresh":
        for source in [Path(n).resolve() for n in names] or chapters():
            print(f"executing {source.relative_to(ROOT)}", flush=True)
            refresh(source)
        return 0
    wrong = {source: out_of_step(source) for source in chapters()}
    wrong = {source: why for source, why in wrong.items() if why}
    for source, why in wrong.items():
        print(f"{source.relative_to(ROOT)} {why}; run make refresh")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
