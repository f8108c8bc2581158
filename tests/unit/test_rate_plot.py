"""The curves: well-formed, in their panels, and each point where it belongs."""

from xml.etree import ElementTree

import pytest

from sedicfmt.evaluation import rate_plot
from sedicfmt.evaluation.rate_plot import Curve, Panel

SVG = "{http://www.w3.org/2000/svg}"
A = Curve("A <first>", "#111111", [(500, 1.0), (1000, 2.0), (2000, 3.0)])
B = Curve("B", "#222222", [(600, 2.5), (1800, 1.5)], "4 2", 3)


def places(element) -> list[tuple[float, float]]:
    return [tuple(map(float, pair.split(","))) for pair in element.get("points").split()]


def test_points_stand_by_the_logarithm_of_bytes_and_by_value():
    tree = ElementTree.fromstring(rate_plot.draw([Panel("PSNR & more", [A, B])]))
    lines = [e for e in tree.iter(f"{SVG}polyline") if e.get("stroke") == "#111111"]
    assert len(lines) == 2  # in the legend and in the panel
    (x0, y0), (x1, y1), (x2, y2) = places(lines[1])
    assert x1 - x0 == pytest.approx(x2 - x1, abs=0.2)  # 500, 1000, 2000
    assert y0 - y1 == pytest.approx(y1 - y2, abs=0.2) and y0 > y2  # higher values stand higher
    names = [e.text for e in tree.iter(f"{SVG}text")]
    assert {"A <first>", "B", "PSNR & more", "500", "1,000", "2,000"} <= set(names)


def test_panels_do_not_overlap_and_hold_their_curves():
    tree = ElementTree.fromstring(rate_plot.draw([Panel(str(i), [A, B]) for i in range(3)]))
    frames = [
        {k: float(e.get(k)) for k in ("x", "y", "width", "height")} for e in tree.iter(f"{SVG}rect") if e.get("x")
    ]
    assert len(frames) == 3
    assert len({(frame["x"], frame["y"]) for frame in frames}) == 3
    drawn = [places(e) for e in tree.iter(f"{SVG}polyline")][2:]  # after the legend's
    for frame, lines in zip(frames, (drawn[0:2], drawn[2:4], drawn[4:6]), strict=True):
        for x, y in lines[0] + lines[1]:
            assert frame["x"] <= x <= frame["x"] + frame["width"]
            assert frame["y"] <= y <= frame["y"] + frame["height"]
    assert max(f["x"] + f["width"] for f in frames) < float(tree.get("width"))
    assert max(f["y"] + f["height"] for f in frames) < float(tree.get("height"))


def test_a_panel_of_one_value_and_one_without_any():
    flat = Curve("flat", "#333333", [(500, 2.0), (700, 2.0)])
    ElementTree.fromstring(rate_plot.draw([Panel("flat", [flat]), Panel("empty", [])]))


@pytest.mark.parametrize(
    ("low", "high", "wanted"),
    [(0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1.0]), (16.3, 19.6, [17, 18, 19]), (0.551, 0.749, [0.6, 0.65, 0.7])],
)
def test_ticks_are_round(low, high, wanted):
    assert rate_plot.ticks(low, high) == pytest.approx(wanted)
