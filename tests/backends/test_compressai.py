"""CompressAI's codecs behind the door, with small random networks that the tests make (where compressai is installed).

No file of theirs is kept under conformance/: what it decodes to hangs on a checkpoint and on floating point.
"""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import pytest

import tests.torchvision_beside.sitecustomize  # noqa: F401 - a torchvision that does not fit this torch

torch = pytest.importorskip("torch", reason="compressai needs torch")
pytest.importorskip("compressai", reason="this needs compressai (the extra of that name)")

import sedicfmt  # noqa: E402
from sedicfmt.errors import BackendFailed, EncodeError, LimitExceeded, Malformed, MissingDependency, Unsupported  # noqa: E402
from sedicfmt.latents.compressai import find, networks, search, strings  # noqa: E402
from sedicfmt.latents.compressai.checkpoint import digest_of, load, network_of, read_tensors, save, zoo  # noqa: E402
from sedicfmt.latents.compressai.networks import KINDS, Hyperprior  # noqa: E402
from sedicfmt.latents.compressai.payload import HEAD, Maker, split  # noqa: E402
from sedicfmt.pipeline.report import report_bytes  # noqa: E402
from tests.conftest import draw_photo  # noqa: E402

ARGUMENTS = {
    "bmshj2018-factorized": (8, 12), "bmshj2018-hyperprior": (8, 12), "mbt2018-mean": (8, 12), "mbt2018": (12, 12),
    "cheng2020-anchor": (12,), "cheng2020-attn": (12,),
}  # fmt: skip
ARCHITECTURES = sorted(ARGUMENTS)
PARALLEL, SERIAL = "mbt2018-mean", "cheng2020-attn"
PHOTO = np.asarray(draw_photo(150, 90))
SIZE = (150, 90)
ALONE = {"objects": 0, "words_overall": 0}


def make(architecture, seed=1, updated=True):
    """A random network, loud enough that its values differ."""
    torch.manual_seed(seed)
    net = zoo().model_architectures[architecture](*ARGUMENTS[architecture])
    with torch.no_grad():
        for parameter in net.parameters():
            if parameter.ndim == 4:
                parameter.mul_(2)
    if updated:
        net.update(force=True)
    return net.eval().requires_grad_(False)


@pytest.fixture(scope="module")
def nets():
    return {architecture: make(architecture) for architecture in ARCHITECTURES}


@pytest.fixture(scope="module")
def files(nets, tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoints")
    for architecture, net in nets.items():
        save(net, folder / f"{architecture}.pth.tar")
    return folder


@pytest.fixture(autouse=True)
def nothing_is_found(monkeypatch, tmp_path):
    """Neither this machine's checkpoints nor its cache are looked at."""
    monkeypatch.delenv(find.VARIABLE, raising=False)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "no-cache"))


def written(net, architecture, photo=PHOTO):
    network = KINDS[architecture](net)
    made = strings.write(network, network.analyse(photo))
    return network, Maker(architecture, digest_of(net), made.symbols), made


# -- strings -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_strings_are_compressais_own_and_come_back(nets, architecture):
    net = nets[architecture]
    network, maker, made = written(net, architecture)
    rows, columns = network.grid(*SIZE)
    more = (rows * network.stride - SIZE[1], columns * network.stride - SIZE[0])
    whole = np.pad(PHOTO, ((0, more[0]), (0, more[1]), (0, 0)), mode="edge")
    theirs = net.compress(torch.from_numpy(whole).permute(2, 0, 1)[None].float() / 255)
    assert [made.y, made.z][: len(theirs["strings"])] == [string for (string,) in theirs["strings"]]
    decoded = strings.read(network, maker, made.z, made.y, SIZE)
    assert len(np.unique(decoded.y)) > 3
    shown = net.decompress(theirs["strings"], theirs["shape"])["x_hat"][0, :, : SIZE[1], : SIZE[0]]
    shown = (shown * 255).round().byte().permute(1, 2, 0).numpy()
    assert np.abs(decoded.paint().astype(int) - shown).max() <= 1


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_from_pixel_to_bytes_and_back(files, architecture):
    model = f"compressai:{architecture}@{files / architecture}.pth.tar"
    data = sedicfmt.pack(draw_photo(*SIZE), model=model, **ALONE)
    shown = np.asarray(sedicfmt.unpack(data, stage="reference", model=model))
    assert shown.shape == PHOTO.shape
    report = report_bytes(data, check=True, model=model)
    told = report["models"]["latent"]
    digest = load(architecture, f"{files / architecture}.pth.tar").digest.hex()
    assert (told["name"], told["architecture"], told["checkpoint"]) == ("compressai", architecture, digest)
    assert [s["coder"] for s in report["segments"][:2]] == ["rans", "rans"]
    assert set(report["digests"]) == {"z", "y"}
    words = sedicfmt.read(data[:-2] + data[-2:])
    assert words.width == SIZE[0]  # and words and masks need no network


@pytest.mark.parametrize("architecture", [PARALLEL, SERIAL])
def test_another_library_and_more_threads_read_the_same(nets, architecture):
    """Sums in another order, as on another machine."""
    network, maker, made = written(nets[architecture], architecture)
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        with torch.backends.mkldnn.flags(enabled=False):
            decoded = strings.read(network, maker, made.z, made.y, SIZE)
    finally:
        torch.set_num_threads(threads)
    assert decoded.digests() == strings.read(network, maker, made.z, made.y, SIZE).digests()


# -- what must not become a picture ------------------------------------------------------------------------------------


@pytest.mark.parametrize("architecture", ["bmshj2018-hyperprior", PARALLEL, "mbt2018", SERIAL])
def test_another_rounding_is_an_error_and_no_picture(nets, architecture, monkeypatch):
    network, maker, made = written(nets[architecture], architecture)
    exact = Hyperprior.expected
    monkeypatch.setattr(Hyperprior, "expected", lambda self, z: exact(self, z) * (1 + 1e-2))
    with pytest.raises(BackendFailed, match="this machine rounds otherwise") as told:
        strings.read(network, maker, made.z, made.y, SIZE)
    assert (told.value.exit_code, told.value.path) == (8, "y")


def test_values_that_are_others_are_found(nets):
    network, maker, made = written(nets[PARALLEL], PARALLEL)
    with pytest.raises(BackendFailed, match="K-7"):
        strings.read(network, replace(maker, symbols=bytes(4)), made.z, made.y, SIZE)
    network, maker, made = written(nets["bmshj2018-factorized"], "bmshj2018-factorized")
    with pytest.raises(Malformed, match="K-7"):
        strings.read(network, replace(maker, symbols=bytes(4)), made.z, made.y, SIZE)


@pytest.mark.parametrize("tensor", ["g_s.1.conv1.weight", "h_s.0.bias", "g_a.0.conv1.weight", "_offset"])
def test_a_changed_checkpoint_is_refused_before_anything_is_decoded(files, tensor, tmp_path, monkeypatch):
    path = files / f"{SERIAL}.pth.tar"
    data = sedicfmt.pack(draw_photo(64, 64), model=f"compressai:{SERIAL}@{path}", **ALONE)
    tensors = read_tensors(path)
    name = next(name for name in tensors if name.endswith(tensor))
    tensors[name].view(-1)[0] += 1
    torch.save(tensors, tmp_path / "other.pth.tar")
    monkeypatch.setattr(strings, "read", lambda *_: pytest.fail("decoded by other weights"))
    with pytest.raises(BackendFailed, match="cannot be decoded with another") as told:
        sedicfmt.unpack(data, stage="reference", model=f"compressai:{SERIAL}@{tmp_path / 'other.pth.tar'}")
    made_with = load(SERIAL, str(path)).digest.hex()
    assert told.value.exit_code == 8 and f"{SERIAL} {made_with}" in told.value.message
    with pytest.raises(BackendFailed, match="cannot be decoded with another"):
        sedicfmt.unpack(data, stage="reference", model=f"compressai:mbt2018@{files}/mbt2018.pth.tar")


def test_hostile_strings_are_refused(nets):
    """CompressAI's own reader would run over the end of some of them."""
    rng = np.random.default_rng(2)
    for architecture in ("bmshj2018-factorized", PARALLEL):
        network, maker, made = written(nets[architecture], architecture)
        for _ in range(20):
            z, y = made.z, made.y
            noise = struct.pack("<II", 0, int(rng.integers(1, 1 << 31))) + rng.bytes(4 * int(rng.integers(0, 40)))
            z, y = (noise, y) if z and rng.random() < 0.5 else (z, noise)
            with pytest.raises((Malformed, BackendFailed)):
                strings.read(network, maker, z, y, SIZE)
        for cut in (made.y[:-4], made.y[:-1], made.y[:4], b"", made.y + bytes(4)):
            with pytest.raises((Malformed, BackendFailed)) as told:
                strings.read(network, maker, made.z, cut, SIZE)
            assert told.value.path == "y"


def test_of_z_integers_decide(nets):
    network, maker, made = written(nets[PARALLEL], PARALLEL)
    for z in (made.z[:-4], made.z + bytes(4), b""):
        with pytest.raises(Malformed) as told:
            strings.read(network, maker, z, made.y, SIZE)
        assert told.value.path == "z"
    network, maker, made = written(nets["bmshj2018-factorized"], "bmshj2018-factorized")
    with pytest.raises(Malformed, match="has no z"):
        strings.read(network, maker, bytes(8), made.y, SIZE)


# -- checkpoints -------------------------------------------------------------------------------------------------------


def test_every_form_of_a_checkpoint_is_the_same(nets, files, tmp_path):
    """By itself, as trainers save it, under CompressAI's old names, as safetensors."""
    net, tensors = nets[SERIAL], dict(nets[SERIAL].state_dict())
    old = {
        name.replace(".matrices.", "._matrix").replace(".biases.", "._bias").replace(".factors.", "._factor"): value
        for name, value in tensors.items()
    }
    assert "entropy_bottleneck._matrix0" in old
    saved = {
        "trained.pth.tar": {"epoch": 3, "state_dict": tensors, "loss": torch.tensor(1.0), "optimizer": {"state": {}}},
        "parallel.pth": {f"module.{name}": value for name, value in tensors.items()},
        "old.pt": {"network": old},
    }
    for name, content in saved.items():
        torch.save(content, tmp_path / name)
    save(net, tmp_path / "plain.safetensors")
    for name in (*saved, "plain.safetensors"):
        assert load(SERIAL, str(tmp_path / name)).digest == digest_of(net), name


def test_tables_of_a_network_in_training_are_computed_and_others_kept(tmp_path):
    torch.save(make(PARALLEL, updated=False).state_dict(), tmp_path / "a.pth")
    assert load(PARALLEL, str(tmp_path / "a.pth")).digest == digest_of(make(PARALLEL))
    net = make(PARALLEL)
    net.entropy_bottleneck._quantized_cdf[0, 1] += 1  # as another machine's rounding may have had it
    assert digest_of(network_of(PARALLEL, dict(net.state_dict()), "x")) == digest_of(net) != digest_of(make(PARALLEL))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"no checkpoint", "cannot be read as tensors"),
        ({"a": torch.zeros(3)}, f"is no checkpoint of {SERIAL}"),
        ({"epoch": 3}, "cannot be read as tensors"),
        ([1, 2], "cannot be read as tensors"),
        ({"average": {}, "config": {}}, "sedic-train export"),
        ({"state_dict": {"f": print}}, "cannot be read as tensors"),
    ],
)
def test_what_is_no_checkpoint_is_told(tmp_path, content, told):
    path = tmp_path / "x.pth.tar"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        torch.save(content, path)
    with pytest.raises(BackendFailed, match=told):
        load(SERIAL, str(path))


def hostile(change):
    """A network's tensors with a change to some."""
    tensors = dict(make(SERIAL, updated=False).state_dict())
    return tensors | change(tensors)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda t: {"g_a.0.conv1.weight": torch.zeros(1).expand(1 << 20, 3, 3, 3)}, "does not bring a value for each"),
        (lambda t: {"more": torch.zeros(1).as_strided((1 << 15, 1 << 15), (0, 0))}, "does not bring a value for each"),
        (lambda t: {"more": torch.zeros(2, 2).to_sparse()}, "does not bring a value for each"),
        (lambda t: {"g_a.0.conv1.weight": torch.zeros(1 << 30, 0, 3, 3)}, "channels; 512 are the most"),
        (lambda t: {"g_a.0.conv1.weight": torch.zeros(600, 3, 3, 3)}, "channels; 512 are the most"),
        (lambda t: {"entropy_bottleneck.quantiles": torch.full((12, 1, 3), torch.nan)}, "a quantile of the prior"),
        (lambda t: {"entropy_bottleneck.quantiles": torch.full((12, 1, 3), 1e9)}, "a quantile of the prior"),
    ],
)  # fmt: skip
def test_a_small_checkpoint_takes_no_more_memory_than_it_has_bytes(tmp_path, change, told):
    path = tmp_path / "x.pth.tar"
    torch.save(hostile(change), path)
    assert path.stat().st_size < 1 << 20
    with pytest.raises(BackendFailed, match=told):
        load(SERIAL, str(path))


def test_a_compressed_checkpoint_is_refused(tmp_path):
    torch.save({"a": torch.zeros(1 << 20)}, tmp_path / "plain.pt")
    with ZipFile(tmp_path / "plain.pt") as plain, ZipFile(tmp_path / "x.pt", "w", ZIP_DEFLATED) as packed:
        for entry in plain.infolist():
            packed.writestr(entry.filename, plain.read(entry))
    with pytest.raises(BackendFailed, match="it is compressed"):
        load(SERIAL, str(tmp_path / "x.pt"))


def test_a_picture_over_the_limit_is_refused_and_a_budget_scales_it(files, monkeypatch):
    model = f"compressai:{PARALLEL}@{files}/{PARALLEL}.pth.tar"
    data = sedicfmt.pack(draw_photo(128, 96), model=model, **ALONE)
    for module in (networks, search):
        monkeypatch.setattr(module, "MOST_PIXELS", 6000)
    for work in (
        lambda: sedicfmt.pack(draw_photo(128, 96), model=model, **ALONE),
        lambda: sedicfmt.unpack(data, stage="reference", model=model),
    ):
        with pytest.raises(LimitExceeded, match="not on 128x96; a budget"):
            work()
    small = sedicfmt.read(sedicfmt.pack(draw_photo(128, 96), model=model, max_bytes=100_000, **ALONE))
    assert np.prod(small.coded_size) <= 6000


def test_another_architectures_checkpoint_is_told(files):
    for architecture in ARCHITECTURES:
        for other in {"cheng2020-attn", "mbt2018-mean", "bmshj2018-factorized"} - {architecture}:
            with pytest.raises(BackendFailed, match=f"{other}.pth.tar is no checkpoint of {architecture}"):
                load(architecture, f"{files}/{other}.pth.tar")


def test_tables_that_are_none_are_told(tmp_path):
    net = make(PARALLEL)
    net.gaussian_conditional._quantized_cdf[3, 1] = 0
    with pytest.raises(BackendFailed, match="tables are wrong"):
        KINDS[PARALLEL](net)


# -- found by its digest -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["variable", "cache"])
def test_the_checkpoint_is_found(files, where, monkeypatch, tmp_path):
    model = f"compressai:{PARALLEL}@{files}/{PARALLEL}.pth.tar"
    data = sedicfmt.pack(draw_photo(64, 64), model=model, **ALONE)
    with pytest.raises(BackendFailed, match="SEDIC_CHECKPOINTS") as told:
        sedicfmt.unpack(data, stage="reference")
    digest = load(PARALLEL, f"{files}/{PARALLEL}.pth.tar").digest.hex()
    assert told.value.exit_code == 8
    assert all(word in told.value.message for word in (PARALLEL, digest, f"--model compressai:{PARALLEL}@FILE"))
    if where == "variable":
        monkeypatch.setenv(find.VARIABLE, f"{tmp_path}:{files}")
    else:
        (tmp_path / "hub/checkpoints").mkdir(parents=True)
        (tmp_path / "hub/checkpoints/other.pth").write_bytes(b"something else")
        save(make(PARALLEL), tmp_path / "hub/checkpoints/mbt2018_mean-1-e522738d.pth.tar")
        monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    expected = sedicfmt.unpack(data, stage="reference", model=model)
    assert sedicfmt.unpack(data, stage="reference").tobytes() == expected.tobytes()


def test_of_a_cache_only_what_is_named_so_is_read_and_nothing_twice(files, monkeypatch, tmp_path):
    model = f"compressai:{PARALLEL}@{files}/{PARALLEL}.pth.tar"
    data = sedicfmt.pack(draw_photo(64, 64), model=model, **ALONE)
    (tmp_path / "hub/checkpoints").mkdir(parents=True)
    for name in ("resnet50.pth", "mbt2018_mean-9.pth"):
        save(make(PARALLEL, seed=9), tmp_path / "hub/checkpoints" / name)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    monkeypatch.setenv(find.VARIABLE, f"{tmp_path}/not-there")
    opened = []
    monkeypatch.setattr(
        find, "load", lambda architecture, path: opened.append(Path(path).name) or load(architecture, path)
    )
    for _ in range(2):
        with pytest.raises(BackendFailed, match="which is not on this machine"):
            sedicfmt.unpack(data, stage="reference")
    assert opened == ["mbt2018_mean-9.pth"]


def test_the_zoo_is_asked_by_name_and_a_network_that_is_not_there_is_told(monkeypatch):
    asked = []

    def fetch(url, **how):
        asked.append((url, how["check_hash"], how["weights_only"]))
        raise OSError("no network")

    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", fetch)
    with pytest.raises(MissingDependency, match=r"mse-1 is not on this machine .*name the file") as told:
        sedicfmt.pack(draw_photo(64, 64), model=f"compressai:{SERIAL}", **ALONE)
    assert told.value.exit_code == 8
    assert asked == [(zoo().model_urls[SERIAL]["mse"][1], True, True)]
    with pytest.raises(EncodeError, match="qualities 1 to 6, not 8"):
        sedicfmt.pack(draw_photo(64, 64), model=f"compressai:{SERIAL}@ms-ssim-8", **ALONE)


@pytest.mark.parametrize(
    ("model", "told"),
    [
        ("compressai", "name one of its architectures"),
        ("compressai:jpeg", "no architecture 'jpeg'"),
        ("compressai:", "no architecture ''"),
        (f"compressai:{SERIAL}@", "names no checkpoint"),
    ],
)
def test_what_is_named_wrong_is_told(model, told):
    with pytest.raises(EncodeError, match=told):
        sedicfmt.pack(draw_photo(64, 64), model=model, **ALONE)


def test_a_checkpoint_that_is_not_there_is_an_error_of_the_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        sedicfmt.pack(draw_photo(64, 64), model=f"compressai:{SERIAL}@{tmp_path}/none.pth", **ALONE)


def test_a_model_of_another_file_is_told(files):
    data = sedicfmt.pack(draw_photo(64, 64), model="none", **ALONE)
    with pytest.raises(EncodeError, match="the file's model is none, not compressai"):
        sedicfmt.unpack(data, stage="reference", model=f"compressai:{SERIAL}@{files}/{SERIAL}.pth.tar")


def test_an_architecture_of_later_times_is_unsupported(files):
    model = f"compressai:{PARALLEL}@{files}/{PARALLEL}.pth.tar"
    file = sedicfmt.read(sedicfmt.pack(draw_photo(64, 64), model=model, **ALONE))
    for first, error in ((7, Unsupported), (0, Unsupported)):
        changed = sedicfmt.write(replace(file, z=bytes([first]) + file.z[1:]))
        with pytest.raises(error) as told:
            sedicfmt.unpack(changed, stage="reference", model=model)
        assert told.value.path == "z"
    with pytest.raises(Malformed, match="K-2"):
        sedicfmt.unpack(sedicfmt.write(replace(file, z=file.z[:12])), stage="reference", model=model)


# -- budget and size ---------------------------------------------------------------------------------------------------


def test_a_budget_is_kept_by_the_scale(files):
    model = f"compressai:{PARALLEL}@{files}/{PARALLEL}.pth.tar"
    whole = sedicfmt.pack(draw_photo(256, 192), model=model, **ALONE)
    for share in (0.8, 0.3):
        most = int(share * len(whole))
        data = sedicfmt.pack(draw_photo(256, 192), model=model, max_bytes=most, **ALONE)
        assert most / 2 < len(data) <= most
        assert sedicfmt.read(data).latent_scale < 16
        assert sedicfmt.unpack(data, stage="reference", model=model).size == (256, 192)


def test_the_file_is_smaller_than_compressais_example_codec_makes_it(files):
    """docs/compressai.md, "Size": the same strings of a picture of 768x512."""
    model = f"compressai:{PARALLEL}@{files}/{PARALLEL}.pth.tar"
    data = sedicfmt.pack(draw_photo(768, 512), model=model, **ALONE)
    file = sedicfmt.read(data)
    _, z = split(file.z)
    assert (len(data) - len(z) - len(file.y), HEAD) == (25, 13)
    assert len(examples_file(file.y, z, 768, 512)) - len(z) - len(file.y) == 31


def examples_file(y, z, width, height):
    """What CompressAI's examples/codec.py writes: model, metric and quality; size; bits a sample; shape, strings."""
    start = struct.pack(">BB", 2, 0) + struct.pack(">II", height, width) + struct.pack(">B", 8)
    shape = struct.pack(">III", -(-height // 64), -(-width // 64), 2)
    return start + shape + b"".join(struct.pack(">I", len(s)) + s for s in (y, z))
