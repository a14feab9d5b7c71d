"""How the number of candidates of the template fit moves with each choice the paper leaves open.

    python benchmarks/sedfit_rules.py [AREA]

A simulated KS4 field (70 deg^2) goes through the cuts of Kim et al. 2024 up to the color wedge; the
sources that are left are fitted, and each rule is changed alone. Nothing is tuned. Writes
book/kim2024/sedfit_rules.json.
"""

import json
import resource
import sys
from datetime import date
from importlib.metadata import version
from pathlib import Path

from qsolearn.papers.kim2024 import recipe
from qsolearn.photometry import deredden
from qsolearn.selection import SEDClassifier
from qsolearn.selection.sedfit import count_choices
from qsolearn.simulate import make_sky
from qsolearn.simulate.surveys import get_survey

OUT = Path(__file__).parents[1] / "book/kim2024/sedfit_rules.json"
AREA, SEED = 70.0, 72964


def color_candidates(area, seed):
    """Sources of a simulated field that pass every cut before the fit."""
    sky = deredden(make_sky("ks4", area_deg2=area, seed=seed))
    sky["ssflag"] = None  # nothing in the simulation is an artifact
    kept = recipe().passes(sky)["color"].to_numpy()
    return sky[kept], len(sky)


def compute(area=AREA):
    """All numbers, as JSON."""
    frame, rows = color_candidates(area, SEED)
    model = SEDClassifier(bands=get_survey("ks4").bands).fit()
    table = count_choices(model, frame)
    quasar = frame["true_class"].str.startswith("QSO")
    return {
        "seed": SEED, "area_deg2": area, "sources": rows,
        "color_candidates": len(frame), "quasars": int(quasar.sum()),
        "error_floor": model.error_floor, "models_per_source": model.n_models_,
        "choices": table.to_dict(orient="records"),
    }  # fmt: skip


def main():
    result = compute(float(sys.argv[1]) if len(sys.argv) > 1 else AREA)
    result["cpu_s"] = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    result["command"] = "python benchmarks/sedfit_rules.py"
    result["date"] = date.today().isoformat()
    result["versions"] = {p: version(p) for p in ("qsolearn", "numpy", "numba")}
    OUT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print({k: v for k, v in result.items() if k != "choices"})
    for row in result["choices"]:
        print(
            f"{row['choice']:45s} {row['candidates']:6d} {row['share']:.3f}  quasars "
            f"{row['quasars']:5d} others {row['others']:4d}"
        )


if __name__ == "__main__":
    main()
