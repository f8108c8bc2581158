"""`.sedic` in WebDataset's shards: written, read, by processes of a loader, damaged."""

from __future__ import annotations

import io
import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import sedicfmt
from sedicfmt.errors import EncodeError, SedicError
from sedicfmt.webdataset import Decode, Pack

VALID = Path(__file__).parents[2] / "conformance" / "valid"
NAMES = ("smallest-size", "objects-2", "av1-one-pixel")
SILENT = {"objects": 0, "words_overall": 0}


def reference(name: str) -> np.ndarray:
    return np.asarray(sedicfmt.unpack(VALID / f"{name}.sedic", stage="reference"))


@pytest.fixture()
def shard(tmp_path):
    wds = pytest.importorskip("webdataset")
    with wds.TarWriter(str(tmp_path / "photos.tar")) as writer:
        for name in NAMES:
            writer.write({"__key__": name, "sedic": (VALID / f"{name}.sedic").read_bytes(), "txt": name})
    return str(tmp_path / "photos.tar")


@pytest.mark.parametrize("form", ["pil", "rgb8"])
def test_a_shard_is_read(shard, form):
    import webdataset as wds

    samples = list(wds.WebDataset(shard, shardshuffle=False).decode(Decode(form)))
    assert [sample["txt"] for sample in samples] == list(NAMES)
    for sample, name in zip(samples, NAMES, strict=True):
        assert isinstance(sample["sedic"], Image.Image if form == "pil" else np.ndarray)
        assert np.array_equal(np.asarray(sample["sedic"]), reference(name))


def test_both_handlers_pickle(photo):
    decode = pickle.loads(pickle.dumps(Decode("rgb8", stage="final", steps=1)))
    data = pickle.loads(pickle.dumps(Pack(**SILENT, max_bytes=300)))(photo)
    assert data == sedicfmt.pack(photo, **SILENT, max_bytes=300)
    assert np.array_equal(decode(".sedic", data), np.asarray(sedicfmt.unpack(data, stage="final", steps=1)))


def test_other_names_are_left_to_other_handlers():
    decode = Decode()
    assert decode(".png", b"") is None
    assert decode(".PHOTO.Sedic", (VALID / "smallest-size.sedic").read_bytes()).size == (16, 16)


@pytest.mark.slow
def test_processes_of_a_loader_read_it(shard):
    import torch.utils.data
    import webdataset as wds

    readable = wds.WebDataset(shard, shardshuffle=False).decode(Decode("rgb8")).to_tuple("__key__", "sedic")
    loader = torch.utils.data.DataLoader(readable, batch_size=None, num_workers=1, multiprocessing_context="spawn")
    assert all(np.array_equal(pixels, reference(name)) for name, pixels in loader)


def test_a_shard_is_written_and_read_again(photo, tmp_path):
    wds = pytest.importorskip("webdataset")
    encoder = {**wds.writer.default_handlers, "sedic": Pack(**SILENT)}
    with wds.TarWriter(str(tmp_path / "a.tar"), encoder=encoder) as writer:
        writer.write({"__key__": "0", "sedic": photo, "cls": 3})
    (sample,) = wds.WebDataset(str(tmp_path / "a.tar"), shardshuffle=False).decode(Decode())
    assert sample["cls"] == 3
    assert sample["sedic"].size == photo.size


def test_a_damaged_member_is_an_error_that_can_be_passed_over(tmp_path):
    wds = pytest.importorskip("webdataset")
    whole = (VALID / "objects-2.sedic").read_bytes()
    with wds.TarWriter(str(tmp_path / "a.tar")) as writer:
        writer.write({"__key__": "cut", "sedic": whole[:-9]})
        writer.write({"__key__": "whole", "sedic": whole})
    told = []
    dataset = wds.WebDataset(str(tmp_path / "a.tar"), shardshuffle=False)
    samples = list(dataset.decode(Decode(), handler=lambda error: told.append(error) or True))
    assert [sample["__key__"] for sample in samples] == ["whole"]
    assert isinstance(told[0].__cause__, SedicError)
    assert Decode(partial=True)(".sedic", whole[:-9]).size == samples[0]["sedic"].size
    with pytest.raises(SedicError):
        Decode()(".sedic", whole[:-9])


@pytest.mark.parametrize("make", [lambda: Decode("jpeg"), lambda: Decode(stepps=1), lambda: Pack(max_bytes=-1)])
def test_options_that_make_no_sense_are_told_at_once(make):
    with pytest.raises(EncodeError):
        make()


def blocks() -> list[str]:
    """The Python of docs/python.md."""
    page = (Path(__file__).parents[2] / "docs" / "python.md").read_text()
    return [part.partition("```")[0] for part in page.split("```python\n")[1:]]


def test_a_torch_data_set_reads_a_folder():
    torch = pytest.importorskip("torch")
    (example,) = [block for block in blocks() if block.startswith("import torch")]
    scope: dict = {}
    exec(example.replace('"photos"', repr(str(VALID))), scope)
    pixels, words = scope["dataset"][0]
    assert (pixels.dtype, pixels.ndim, isinstance(words, str)) == (torch.uint8, 3, True)


def test_bytes_go_through_pillow_too():
    import sedicfmt.pillow  # noqa: F401

    assert Image.open(io.BytesIO((VALID / "smallest-size.sedic").read_bytes())).format == "SEDIC"
