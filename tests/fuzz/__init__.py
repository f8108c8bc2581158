"""Hostile input: one small harness a decoder, each with its invariant on top. `run` runs them; see docs/fuzzing.md.

A harness has `seeds()`, inputs to begin with, and `check(data)`, True for what was accepted. `check` lets through only the
refusals that are the input's fault; whatever else comes out of it is a finding.
"""

from pathlib import Path

from sedicfmt.errors import FileError, LimitExceeded

REFUSED = (FileError, LimitExceeded)
VALID = sorted((Path(__file__).parents[2] / "conformance/valid").glob("*.sedic"))
FAULTY = sorted((Path(__file__).parents[2] / "conformance/faulty").glob("*.sedic"))
TARGETS = ("file", "text", "mask", "latent", "av1")
