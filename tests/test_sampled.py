"""Of long tables a run takes a sample, and says what it left out."""

from __future__ import annotations

import pytest
import sampled


@pytest.fixture(autouse=True)
def _no_counts(monkeypatch):
    monkeypatch.setattr(sampled, "_COUNTS", {"cases": [0, 0]})


@pytest.mark.parametrize(("step", "taken"), [(1, (1, 2, 3)), (2, (1, 3)), (9, (1,))])
def test_a_step_takes_the_first_and_each_so_many(monkeypatch, step, taken):
    monkeypatch.delenv(sampled.VARIABLE, raising=False)
    assert sampled.some("cases", [1, 2, 3], step) == taken
    assert sampled.left_out() == [f"{3 - len(taken)} of 3 cases; make proof runs all"] * (len(taken) < 3)


def test_of_examples_a_third_is_taken(monkeypatch):
    monkeypatch.delenv(sampled.VARIABLE, raising=False)
    assert [sampled.examples(most) for most in (1, 50, 60)] == [1, 17, 20]


def test_the_proof_takes_all(monkeypatch):
    monkeypatch.setenv(sampled.VARIABLE, "1")
    assert sampled.examples(50) == 50
    assert sampled.some("cases", [1, 2, 3], 2) == (1, 2, 3)
    assert sampled.left_out() == []
