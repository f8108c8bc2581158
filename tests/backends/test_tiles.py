"""A picture in tiles and an object where its mask is: the picture of the whole, at a fraction of the work and the memory."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sedicfmt.decoders.interfaces import ObjectToRestore, RestoreRequest
from sedicfmt.decoders.orag import restorer as orag_restorer
from sedicfmt.decoders.orag import tiling
from sedicfmt.decoders.orag.noise import noise_within, seeded_noise
from sedicfmt.decoders.orag.restorer import OragRestorer
from sedicfmt.decoders.orag.windows import Window, around, tiles, whole

sides = st.integers(1, 200)


@given(sides, sides, st.integers(0, 90), st.sampled_from((1, 4, 32)), st.integers(1, 120))
def test_tiles_cover_a_picture_once_and_see_their_surroundings(height, width, reach, multiple, side):
    seen = np.zeros((height, width), int)
    for field, kept in tiles(height, width, reach, multiple, side):
        seen[kept.slices] += 1
        assert field.top % multiple == 0 and field.left % multiple == 0
        assert field.top <= max(0, kept.top - reach) and field.bottom >= min(height, kept.bottom + reach)
        assert field.left <= max(0, kept.left - reach) and field.right >= min(width, kept.right + reach)
        assert field.bottom in (height, field.bottom // multiple * multiple)
        within = np.zeros((field.bottom - field.top, field.right - field.left))[kept.within(field)]
        assert within.shape == (kept.bottom - kept.top, kept.right - kept.left)
    assert (seen == 1).all()


@given(st.data())
def test_a_part_of_the_noise_is_that_of_the_whole(data):
    height, width = data.draw(st.integers(1, 9)), data.draw(st.integers(1, 17))
    top, left = data.draw(st.integers(0, height - 1)), data.draw(st.integers(0, width - 1))
    rows, columns = (
        slice(top, data.draw(st.integers(top + 1, height))),
        slice(left, data.draw(st.integers(left + 1, width))),
    )
    shape = (1, 3, height, width)
    assert np.array_equal(noise_within(7, 2, shape, rows, columns), seeded_noise(7, 2, shape)[..., rows, columns])


def test_a_window_around_and_what_is_put_into_it():
    inside = np.zeros((6, 8), bool)
    inside[2, 3] = inside[3, 5] = True
    assert around(inside) == Window(2, 4, 3, 6)
    assert around(inside).grown(1, 2, 6, 8) == Window(0, 6, 2, 8)
    changed = whole(6, 8).put(np.zeros((1, 6, 8)), 1.0)
    assert changed.sum() == 48


class Counting:
    """The toy model's network, which looks at no neighbour; it counts the positions that it is asked of."""

    control_kind, control_apart = "latent", False

    def __init__(self, denoiser):
        self.denoiser, self.positions = denoiser, 0

    def encode_texts(self, texts):
        return self.denoiser.encode_texts(texts)

    def predict(self, z, t, text, control):
        self.positions += z.shape[2] * z.shape[3]
        return self.denoiser.predict(z, t, text, control)


def disc(height, width, radius):
    rows, columns = np.ogrid[:height, :width]
    return ((rows - height // 3) ** 2 + (columns - width // 4) ** 2 < radius**2).astype(np.uint8)


def pictures(model, settings, asked, monkeypatch, tile):
    """Stages' pictures and the last, restored in tiles of a side, or at once."""
    told = []
    shown = dataclasses.replace(asked, on_picture=lambda stage, picture: told.append((stage, picture.copy())))
    monkeypatch.setattr(tiling, "TILE", tile)
    monkeypatch.setattr(orag_restorer, "tiles", lambda *given: tiles(*given, tile))
    restored = OragRestorer(model, settings).restore(shown)
    return [*told, ("last", restored.picture)], restored


@pytest.mark.parametrize("fusion", ["steps", "stages"])
@pytest.mark.parametrize("before_first", ["reference", "nothing"])
@pytest.mark.parametrize("keep_objects", [False, True])
def test_tiles_and_windows_give_the_picture_of_the_whole(fusion, before_first, keep_objects, monkeypatch):
    pytest.importorskip("torch")
    from tests.backends.toy_model import PLAIN, toy_model

    rng = np.random.default_rng(3)
    masks = [disc(45, 70, 9), disc(45, 70, 2), np.zeros((45, 70), np.uint8)]
    objects = tuple(ObjectToRestore(text, mask) for text, mask in zip(("dog", "cat", "ant"), masks, strict=True))
    asked = RestoreRequest(rng.integers(0, 256, (45, 70, 3), dtype=np.uint8), "abc", objects, 5)
    how = {"fusion": fusion, "before_first": before_first, "keep_objects": keep_objects, "shared_noise": False}
    settings = dataclasses.replace(PLAIN, **how)
    model = toy_model(keep=0.3)
    wanted, at_once = pictures(dataclasses.replace(model, reach=None), settings, asked, monkeypatch, 1000)
    for tile in (1000, 16, 24):
        counted = Counting(model.denoiser)
        near = dataclasses.replace(model, denoiser=counted, reach=4)
        found, restored = pictures(near, settings, asked, monkeypatch, tile)
        assert [stage for stage, _ in found] == [stage for stage, _ in wanted]
        assert all(np.array_equal(a, b) for (_, a), (_, b) in zip(found, wanted, strict=True))
        assert (restored.record, restored.warnings) == (at_once.record, at_once.warnings)
        if tile == 1000 and before_first == "reference" and fusion == "steps":
            everywhere = 48 * 72 * (2 * settings.object_steps + settings.steps)
            assert counted.positions < 0.6 * everywhere


def test_where_every_place_depends_on_all_others_there_are_no_tiles():
    pytest.importorskip("torch")
    from sedicfmt.decoders.orag.attention_guidance import Guidance
    from tests.backends.toy_model import PLAIN, toy_model

    large = RestoreRequest(np.zeros((8, 1200, 3), np.uint8), "abc", (), 5)
    near = dataclasses.replace(toy_model(), reach=4)
    assert tiling.tile_reach(near, PLAIN, large) == 4 * PLAIN.steps
    for model, settings in (
        (dataclasses.replace(near, reach=None), PLAIN),
        (near, dataclasses.replace(PLAIN, colour="adain")),
        (near, dataclasses.replace(PLAIN, guidance=Guidance())),
    ):
        assert tiling.tile_reach(model, settings, large) is None


@pytest.mark.slow
def test_the_bundled_restorer_differs_by_one_level_at_most(monkeypatch):
    """Three objects and the whole, four stages one after another: what a tile does not see reaches no further."""
    pytest.importorskip("onnxruntime")
    from sedicfmt.decoders.nano.onnx_denoiser import open_onnx
    from sedicfmt.decoders.nano.restorer import nano_settings
    from tests.conftest import draw_photo

    model, settings = open_onnx(), nano_settings()
    reference = np.asarray(draw_photo(200, 150, 4).resize((1088, 816)))
    objects = tuple(
        ObjectToRestore(text, disc(816, 1088, radius))
        for text, radius in (("a dog", 260), ("a tree", 90), ("a hat", 40))
    )
    asked = RestoreRequest(reference, "a dog below a tree", objects, 5)
    wanted, _ = pictures(dataclasses.replace(model, reach=None), settings, asked, monkeypatch, 5000)
    for tile in (5000, 512):
        found, _ = pictures(model, settings, asked, monkeypatch, tile)
        for (_, a), (_, b) in zip(found, wanted, strict=True):
            assert np.abs(a.astype(int) - b.astype(int)).max() <= 1
