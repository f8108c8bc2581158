"""What a model card says of a network is what the network's code has."""

import re
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

CARD = (Path(__file__).parents[2] / "docs/model-cards/sedic-nano-restorer-3.md").read_text()
ROWS = re.findall(r"^ +\| (.*?) \| (\d+) \| (\d+) \| (1/\d+) \|$", CARD, re.M)


def network_of_the_card():
    from sedicfmt.decoders.nano.denoiser import config_in
    from sedicfmt.decoders.nano.network import NanoRestorerNetwork
    from sedicfmt.decoders.nano.released import WEIGHTS

    return NanoRestorerNetwork(**config_in(WEIGHTS.read_bytes()))  # of what ships; the training may be at another


def test_the_restorers_layers_are_those_of_its_card():
    """Channels of each row's first layer, and how many blocks it names."""
    network, blocks = network_of_the_card(), 0
    for layers, given, _, _ in ROWS:
        name = re.search(r"`(\w+)(?:\.0)?`", layers)[1]
        first = network.get_submodule(name)
        if isinstance(first, torch.nn.ModuleList):
            first = first[0].depthwise
        weight = first.query.weight if hasattr(first, "query") else first.weight
        groups = getattr(first, "groups", 1)
        assert weight.shape[1] * groups == int(given), layers
        for stage, last in re.findall(r"`(\w+)\.0` to `\.(\d)`", layers):
            assert len(network.get_submodule(stage)) == int(last) + 1, layers
            blocks += int(last) + 1
    stages = [part for part in network.children() if isinstance(part, torch.nn.ModuleList)]
    assert blocks == sum(map(len, stages))
    assert len(ROWS) == 11


def test_every_part_of_the_restorer_is_named_in_its_card():
    assert [name for name, _ in network_of_the_card().named_children() if f"`{name}" not in CARD] == []
