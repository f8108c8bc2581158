"""The ONNX graphs run by onnxruntime-web (WASM) in Node, with the recipe of docs/onnx.md in JavaScript, against Python."""

import base64
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("onnxruntime", reason="Python's side needs ONNX Runtime (the nano extra)")

import sedic_tables
import sedicfmt
from sedicfmt.decoders.nano import released, word_vectors
from sedicfmt.latents.nano import weights
from sedicfmt.latents.painting import decode_latent
from sedicfmt.segments.mask_grid import upscale

HERE = Path(__file__).parent
INSTALL = "npm install --no-package-lock --prefix tests/differential"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed"),
    pytest.mark.skipif(not (HERE / "node_modules/onnxruntime-web").is_dir(), reason=f"run {INSTALL} first"),
]


def text64(array):
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def graph(file, part, *beside):
    return {"graph": str(released.graph_file(file, part)), "weights": [str(path) for path in (file, *beside)]}


def by_node(file, latent, reference):
    """(what g_s paints, the restored picture) as JavaScript makes them."""
    codec = Path(weights.__file__).parent / weights.MODELS[file.model_id].file
    y = (latent.y + latent.mean / 64).astype(np.float32)
    objects = [
        {"text": o.text, "mask": text64(upscale(o.mask.cells, o.mask.scale, file.width, file.height).astype(np.uint8))}
        for o in file.objects
    ]
    job = {
        "y": text64(y), "grid": y.shape[1:], "words": str(Path(sedic_tables.__path__[0]) / "context_words.txt"),
        "graphs": {"g_s": graph(codec, "g_s"), "words": graph(released.WEIGHTS, "words", word_vectors.FILE),
                   "restorer": graph(released.WEIGHTS, "restorer")},
        "reference": text64(reference), "width": file.width, "height": file.height, "text": file.text,
        "objects": objects, "seed": str(file.seed),
    }  # fmt: skip
    done = subprocess.run(
        ["node", HERE / "run_onnx_web.mjs", HERE], input=json.dumps(job), capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    told = {name: np.frombuffer(base64.b64decode(data), np.uint8) for name, data in json.loads(done.stdout).items()}
    painted = told["painted"].reshape(32 * y.shape[1], 32 * y.shape[2], 3)
    return painted, told["restored"].reshape(file.height, file.width, 3)


@pytest.mark.parametrize(("seed", "model"), [(0, "sedic-nano-2"), (2**32 - 5, "sedic-nano-3")])
def test_javascript_paints_and_restores_the_same_picture(annotated, seed, model):
    photo, words = annotated
    data = sedicfmt.pack(photo, describe=f"annotations:{words}", seed=seed, model=model)
    file = sedicfmt.read(data)
    latent = decode_latent(file).inner
    reference = np.asarray(sedicfmt.unpack(data, stage="reference"))
    painted, restored = by_node(file, latent, reference)
    width, height = file.coded_size
    assert np.abs(painted[:height, :width].astype(int) - latent.paint()).max() <= 1  # G-6
    wanted = np.asarray(sedicfmt.unpack(data))
    assert len(file.objects) == 2 and file.text
    assert np.abs(restored.astype(int) - wanted).max() <= 2
    assert np.abs(wanted.astype(int) - reference).mean() > 0.5  # restoring did something
    Image.fromarray(restored)  # a picture
