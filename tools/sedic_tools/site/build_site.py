"""The viewer as a folder of static files: `python -m sedic_tools.site.build_site -o FOLDER`; any server, or none, will do.

It is made from `web/` and the project's tables and weights, each of which is in one place only:

    viewer.html viewer.css viewer.js    the page
    sedic.js                            <sedic-img>, for any page; as in viewer.js, the worker's script is a string in it
    data/words.js latent.js             tables and weights, deflated and in base64; loaded when they are needed
    data/painter-MODEL.js               what paints the latent of a learned model
    data/runtime.js restorer.js         ONNX Runtime and the restorer's graphs and weights, where both are there: `npm install
                                        --prefix web` brings the first; without them the page has no button to restore
    demo.html demo/*.sedic              ten photos; beside each the same as a script, for pages from disk
"""

from __future__ import annotations

import argparse
import base64
import json
import shutil
import sys
import zlib
from pathlib import Path

from sedic_tools.site.join_modules import join_modules

ROOT = Path(__file__).resolve().parents[3]
WEB, TABLES = ROOT / "web", ROOT / "spec/tables"
LEARNED = ROOT / "sedicfmt/latents/nano"
RESTORER = ROOT / "sedicfmt/decoders/nano"
RUNTIME = WEB / "node_modules/onnxruntime-web/dist"


def build_site(folder: Path) -> dict[str, int]:
    """Write the site; its files' names and bytes. Raises OSError, ValueError (modules that cannot be joined)."""
    for name in ("data", "demo"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    shutil.copyfile(WEB / "viewer.css", folder / "viewer.css")
    found = resources() | restoring()
    viewer = (WEB / "viewer.html").read_text(encoding="utf-8")
    if "restorer" in found:
        viewer = viewer.replace('id="restore" disabled hidden', 'id="restore" disabled')
    (folder / "viewer.html").write_text(viewer, encoding="utf-8")
    worker = json.dumps(join_modules(WEB / "viewer/work.js")).replace("</", "<\\/")
    for script, entry in (("sedic.js", "sedic_img.js"), ("viewer.js", "viewer.js")):
        joined = join_modules(WEB / "viewer" / entry)
        (folder / script).write_text(f"globalThis.sedicWorkerSource = {worker};\n{joined}", encoding="utf-8")
    for name, tables in found.items():
        packed = {table: base64.b64encode(deflated(content)).decode() for table, content in tables.items()}
        _write_resource(folder / f"data/{name}.js", name, packed)
    _write_demo(folder)
    return {str(path.relative_to(folder)): path.stat().st_size for path in sorted(folder.rglob("*")) if path.is_file()}


def resources() -> dict[str, dict[str, bytes]]:
    """Tables by the part of a file that needs them."""
    words = ("text_words.txt", "context_words.txt", "context_words.trie", "context_letters.trie", "mask_contexts.txt")
    latent = ("gaussian_frequencies.txt", "shifted_gaussian_frequencies.txt")
    models = sorted(LEARNED.glob("*.safetensors"))
    return {
        "words": {name: (TABLES / name).read_bytes() for name in words},
        "latent": {name: (TABLES / name).read_bytes() for name in latent}
        | {f"{model.stem} entropy": part(model, ("h_s.", "prior_z.")) for model in models},
    } | {f"painter-{model.stem}": {f"{model.stem} painter": part(model, ("g_s.",))} for model in models}  # fmt: skip


def restoring() -> dict[str, dict[str, bytes]]:
    """The runtime and the restorer, or nothing where one of the two is not there."""
    runtime = {"ort.mjs": RUNTIME / "ort.wasm.bundle.min.mjs", "ort.wasm": RUNTIME / "ort-wasm-simd-threaded.wasm"}
    graphs = sorted(RESTORER.glob("*.onnx"))
    if not graphs or not all(path.exists() for path in runtime.values()):
        return {}
    weights = RESTORER / f"{graphs[0].stem.rsplit('-', 1)[0]}.safetensors"
    files = [*graphs, weights, RESTORER / "word_vectors.npy"]
    return {
        "runtime": {name: path.read_bytes() for name, path in runtime.items()},
        "restorer": {path.name: path.read_bytes() for path in files},
    }


def part(weights: Path, prefixes: tuple[str, ...]) -> bytes:
    """A safetensors file of those tensors of another whose names begin so (spec clause R-5)."""
    data = weights.read_bytes()
    begin = 8 + int.from_bytes(data[:8], "little")
    head, kept, content = json.loads(data[8:begin]), {}, b""
    for name, tensor in head.items():
        if name.startswith(prefixes):
            start, end = tensor["data_offsets"]
            kept[name] = tensor | {"data_offsets": [len(content), len(content) + end - start]}
            content += data[begin + start : begin + end]
    head_bytes = json.dumps(kept, separators=(",", ":")).encode()
    return len(head_bytes).to_bytes(8, "little") + head_bytes + content


def deflated(content: bytes) -> bytes:
    """Raw deflate, as DecompressionStream reads it."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(content) + packer.flush()


def _write_demo(folder: Path) -> None:
    files = sorted((WEB / "demo").glob("*.sedic"))
    figures, total = [], 0
    for path in files:
        content = path.read_bytes()
        total += len(content)
        (folder / "demo" / path.name).write_bytes(content)
        _write_resource(folder / f"demo/{path.name}.js", path.name, {"file": base64.b64encode(content).decode()})
        figures.append(
            f'    <figure><sedic-img src="demo/{path.name}"></sedic-img>'
            f"<figcaption>{path.stem}, {len(content)} bytes</figcaption></figure>"
        )
    page = (WEB / "demo.html").read_text(encoding="utf-8")
    page = page.replace("{bytes}", f"{total:,}").replace("{pictures}", "\n".join(figures))
    (folder / "demo.html").write_text(page, encoding="utf-8")


def _write_resource(path: Path, name: str, content: dict[str, str]) -> None:
    path.write_text(f"sedicResource({json.dumps(name)}, {json.dumps(content)});\n", encoding="utf-8")


def main() -> int:
    """Entry point; exit code 0, or 2 without the sources."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER")
    folder = p.parse_args().output
    if not WEB.is_dir():
        p.error("the viewer's sources are in a clone of the repository, folder web/")
    for name, size in build_site(folder).items():
        print(f"{size:>10,}  {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
