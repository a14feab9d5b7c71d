"""Use the built wheel as a stranger would: an empty environment, without the book's packages.

python tools/try_wheel.py dist [uv]
"""

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

#: The book's own packages must not be needed.
NOT_NEEDED = ("jupyter_book", "jupytext", "IPython", "xgboost", "transformers", "torch")


def main(folder="dist", uv="uv"):
    """Install the only wheel of a folder, then simulate, train, select and judge with it."""
    (wheel,) = Path(folder).resolve().glob("*.whl")
    uv = str(Path(uv).resolve()) if "/" in uv else uv
    with tempfile.TemporaryDirectory() as place:
        place = Path(place)

        def run(*command):
            print("$", *[str(c).replace(f"{place}/", "") for c in command], flush=True)
            return subprocess.run(
                command, cwd=place, check=True, text=True, stdout=subprocess.PIPE
            ).stdout

        assert "qsolearn/py.typed" in zipfile.ZipFile(wheel).namelist()
        run(uv, "venv", "--quiet", "--python", sys.executable, place / "env")
        run(uv, "pip", "install", "--quiet", "--python", place / "env/bin/python", wheel)
        program = place / "env/bin/qsolearn"
        assert "select" in run(program, "--help")
        for name, seed in (("known", "1"), ("catalog", "2")):
            run(program, "simulate", "sdss", "--n", "4000", "--seed", seed, "-o", f"{name}.parquet")
        run(program, "train", "known.parquet", "--label", "true_class", "-o", "model")
        run(program, "select", "catalog.parquet", "--model", "model", "-o", "out.parquet")
        print(run(program, "judge", "out.parquet", "--truth", "catalog.parquet"))
        found = run(
            place / "env/bin/python",
            "-c",
            f"import importlib.util as u; print([n for n in {NOT_NEEDED} if u.find_spec(n)])",
        )
        assert found.strip() == "[]", f"the wheel brought {found}"


if __name__ == "__main__":
    main(*sys.argv[1:])
