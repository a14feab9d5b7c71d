"""Reverse selection word for word after the paper, slow and plain; the tests compare with it."""

import numpy as np
from sklearn.base import clone


def fit(estimator, X, y, threshold, order):
    """The models of the steps and of the last step, and the rows that each step left."""
    kept, steps = list(range(len(y))), []
    left = [list(kept)]
    for name in order:
        own = np.array([1 if y[i] == name else 0 for i in kept])
        model = clone(estimator).fit(X[kept], own)
        proba = model.predict_proba(X[kept])
        kept = [
            i for i, p in zip(kept, proba, strict=True) if not (p[1] > threshold and y[i] == name)
        ]
        steps.append((name, model))
        left.append(list(kept))
    names = sorted({y[i] for i in kept})
    last = None
    if len(names) > 1:
        last = clone(estimator).fit(X[kept], np.array([names.index(y[i]) for i in kept]))
    return steps, names, last, left


def predict(fitted, X, threshold):
    """Label and step of each source, one at a time."""
    steps, names, last, _ = fitted
    out = []
    for x in X:
        for k, (name, model) in enumerate(steps):
            if model.predict_proba(x[None])[0, 1] > threshold:
                out.append((name, k + 1))
                break
        else:
            label = names[0]
            if last is not None:
                label = names[int(last.predict_proba(x[None])[0].argmax())]
            out.append((label, len(steps) + 1))
    return out
