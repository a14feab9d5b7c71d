"""What the README says of the quality of the methods is what the result files say."""

import json
from pathlib import Path

ROOT = Path(__file__).parents[1]


def result(name):
    return json.loads((ROOT / name).read_text(encoding="utf-8"))


def interval(x):
    value, low, high = x.values() if isinstance(x, dict) else x
    return f"{value:.3f} ({low:.3f}-{high:.3f})"


def of(estimate):
    return {k: estimate[k] for k in ("value", "low", "high")}


def rows():
    """The cells that the table must have, by the beginning of the row."""
    found = result("book/real/selection.json")["methods"]
    kernel, cut = found["kernel Bayes"], found["UV-excess cut, same completeness"]
    yield (
        "Quasars and stars of SDSS DR7",
        ", ".join(interval(of(kernel[k])) for k in ("completeness", "false_positive_rate")),
        f"{cut['completeness']['value']:.3f}, {cut['false_positive_rate']['value']:.3f}",
    )
    found = result("book/real/redshift.json")["methods"]
    yield (
        "Redshifts of SDSS quasars",
        *(
            ", ".join(f"{found[m][k]['value']:.3f}" for k in ("within_0.3", "within_0.1"))
            for m in ("conditional density", "color-redshift relation")
        ),
    )
    found = result("book/real/reverse.json")["sdss_dr17"]["methods"]
    yield (
        "Rare quasars of SDSS DR17",
        *(
            interval(of(found[m]["average_precision"]))
            for m in ("reverse with ranker, chosen inside", "direct, best weights, chosen inside")
        ),
    )
    found = result("book/calderone2024/full_size.json")["methods"]
    yield (
        "28 million simulated rows",
        *(
            f"{m['recall']['value']:.3f}, {m['precision']['value']:.3f}, "
            f"{m['fit_cpu_seconds']:.0f} s"
            for m in (found["reverse"], found["direct"])
        ),
    )
    ratios = {
        r["package"].split()[0].strip(","): r["ratio"]
        for r in result("benchmarks/results/kde.json")["epanechnikov"]["ratios"]
        if r["task"] == "labels"
    }
    yield (
        "Exact kernel densities",
        f"scikit-learn 1/{ratios['scikit-learn']:.0f}, mlpack 1/{ratios['mlpack']:.0f}",
    )
    found = result("book/real/summaries.json")["summeval_odd"]
    yield (
        "Agreement with people",
        *(interval(found[m]["tau_consistency"]) for m in ("support", "notebook_cosine")),
    )


def test_the_table_says_what_was_measured():
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    table = [line for line in lines if line.startswith("| ")]
    for beginning, *cells in rows():
        (line,) = (x for x in table if x.startswith(f"| {beginning}"))
        for cell in cells:
            assert cell in line, f"{cell} is not in: {line}"
