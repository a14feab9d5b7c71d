"""Every public name says what it takes and what it gives."""

import importlib
import inspect
import pkgutil
from importlib.resources import files

import pytest

import qsolearn


def rooms():
    """The modules whose `__all__` is public: the rooms of the package, and each paper's."""
    for folder in (qsolearn, importlib.import_module("qsolearn.papers")):
        for found in pkgutil.iter_modules(folder.__path__, f"{folder.__name__}."):
            if found.name != "qsolearn.papers":
                yield found.name


def functions(room):
    """Name and function of everything public of a room that can be called, methods included."""
    module = importlib.import_module(room)
    for name in module.__all__:
        value = getattr(module, name)
        if inspect.isclass(value):
            for key, member in vars(value).items():
                member = getattr(member, "__func__", getattr(member, "fget", member))
                if inspect.isfunction(member) and (key == "__init__" or not key.startswith("_")):
                    yield f"{name}.{key}", member
        elif inspect.isroutine(value) or hasattr(value, "__wrapped__"):
            yield name, value


def gaps(function):
    """Parameters without annotation, and "return"."""
    signature = inspect.signature(function)
    missing = [
        p.name
        for p in signature.parameters.values()
        if p.annotation is p.empty and p.name not in ("self", "cls")
    ]
    return missing + ["return"] * (signature.return_annotation is signature.empty)


@pytest.mark.parametrize("room", sorted(rooms()))
def test_every_public_name_is_fully_annotated(room):
    found = list(functions(room))
    missing = {name: gap for name, function in found if (gap := gaps(function))}
    assert missing == {}


def test_the_rooms_are_found():
    counts = {room: len(list(functions(room))) for room in rooms()}
    assert counts["qsolearn.judge"] > 30
    assert counts["qsolearn.papers.richards2004"] > 5
    assert sum(counts.values()) > 200


def test_a_gap_is_seen():
    def half(x: int, y, *, z: float = 1.0):
        """Say too little."""

    assert gaps(half) == ["y", "return"]


def test_the_package_says_that_it_is_typed():
    assert files("qsolearn").joinpath("py.typed").is_file()
