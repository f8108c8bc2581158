"""The experiments that come with the repository: each is read, and asks for nothing that is not there."""

from pathlib import Path

import pytest

from sedicfmt.harness.experiment import experiment_of, read_toml
from sedicfmt.harness.sources.sedic import Sedic

FOLDER = Path(__file__).parents[2] / "experiments"
FILES = sorted(FOLDER.glob("*.toml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_experiment_is_whole(path):
    experiment = experiment_of({"pictures": "x"} | read_toml(path), path.parent)
    assert experiment.description or experiment.name
    assert all(source.points for source in experiment.sources) and experiment.metrics
    assert all(curve.name.endswith("(published)") for curve in experiment.published)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_its_options_are_those_of_the_commands(path, monkeypatch):
    """argparse itself reads them: a switch that was renamed breaks this."""
    import sys

    from sedic_tools.commands import pack, unpack

    seen = []
    for tool in (pack, unpack):
        monkeypatch.setattr(tool, "run", lambda command, arguments: seen.append(arguments) or 0)
    for source in experiment_of({"pictures": "x"} | read_toml(path), path.parent).sources:
        if isinstance(source, Sedic):
            for tool, options in ((pack, source.pack), (unpack, source.unpack)):
                monkeypatch.setattr(sys, "argv", ["tool", "in", "-o", "out", *options])
                assert tool.main() == 0
    assert seen or not any(
        isinstance(s, Sedic) for s in experiment_of({"pictures": "x"} | read_toml(path), FOLDER).sources
    )


def test_there_are_those_of_the_paper():

    assert {"figure-3", "table-1-", "table-2-", "table-3-", "table-4-", "table-5-", "figure-6", "appendix"} <= {
        path.stem[:8] for path in FILES
    }
