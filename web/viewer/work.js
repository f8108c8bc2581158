// What runs in the worker: decoding and painting, one request after the other.
//
// A request is {id, task, ...}; answers are {id, result}, {id, failed: {code, path, message}} and, on the way, {id,
// progress}.

import { wrapAvif } from "../decoder/avif.js";
import { Refused } from "../decoder/errors.js";
import { needModel, openFile, readFileMasks, readLatent, readWords, segmentList } from "../decoder/decode.js";
import { hasTable, giveTable } from "../decoder/tables.js";
import { paint } from "../decoder/painter.js";
import { openNetwork } from "../restoring/onnx_network.js";
import { restore } from "../restoring/restore.js";
import { resample } from "./resample.js";

const tasks = {
  // {table: deflated, in base64} -> nothing
  async tables({ tables }) {
    for (const [name, text] of Object.entries(tables)) if (!hasTable(name)) giveTable(name, await inflated(text));
  },

  // {file} -> all that can be said without a table; of model av1 the picture as an AVIF file
  open({ file }) {
    const opened = openFile(file, true);
    const { payload: y } = opened.segments[1];
    const { latentWidth, latentHeight, kinds, lengths, wrong, bytes, ...header } = opened.header;
    return {
      header, latentWidth, latentHeight, headerBytes: bytes, fileBytes: file.length, complete: opened.complete,
      model: opened.model.name, coder: opened.model.coder, segments: segmentList(opened), extensions: opened.extensions,
      avif: opened.model.coder === "av1" ? wrapAvif(y, latentWidth, latentHeight) : null,
    };
  },

  // {file} -> {texts, masks}
  words({ file }) {
    const opened = openFile(file, true);
    const count = Math.max(0, (opened.segments.length - 3) / 2);
    return { texts: readWords(opened), masks: count ? readFileMasks(opened) : [] };
  },

  // {file} -> {width, height, samples}: the reference picture at the picture's size (L-7)
  async paint({ file }, progress) {
    const opened = openFile(file, true);
    const { width, height } = opened.header;
    return { width, height, samples: await reference(opened, progress) };
  },

  // {runtime, restorer} (files: deflated, in base64) -> nothing
  async network({ runtime, restorer }) {
    if (network) return;
    const [wasm, script] = [await inflated(runtime["ort.wasm"]), await inflated(runtime["ort.mjs"])];
    const address = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
    const files = {};
    for (const [name, text] of Object.entries(restorer)) files[name] = await inflated(text);
    network = await openNetwork(await import(address), wasm, files);
    URL.revokeObjectURL(address);
  },

  // {file} -> {width, height, samples}: the restored picture
  async restore({ file }, progress) {
    const opened = openFile(file);
    const { width, height } = opened.header;
    if (width * height > MAX_PAINTED) {
      throw new Refused("limit", `${width} x ${height} pixels are more than a page restores`, "header.size");
    }
    const words = { texts: readWords(opened), masks: readFileMasks(opened) };
    const samples = await restore(await reference(opened), opened.header, words, network, progress);
    return { width, height, samples };
  },
};

let network;

async function reference(opened, progress) {
  const { width, height, latentWidth, latentHeight } = opened.header;
  needModel(opened);
  if (opened.model.coder === "empty") return new Uint8ClampedArray(4 * width * height).map((_, i) => (i % 4 === 3 ? 255 : 128)); // N-1
  const samples = opened.model.coder === "av1" ? await decodedAvif(opened) : painted(opened, progress);
  return resample(samples, latentWidth, latentHeight, width, height);
}

function painted(opened, progress) {
  const { latentWidth, latentHeight } = opened.header;
  const pixels = latentWidth * latentHeight;
  if (pixels > MAX_PAINTED) {
    throw new Refused("limit", `a latent of ${pixels} pixels is more than a page paints`, "header.latent_scale");
  }
  return paint(readLatent(opened), latentWidth, latentHeight, progress);
}

async function decodedAvif({ header: { latentWidth, latentHeight }, segments }) {
  const avif = new Blob([wrapAvif(segments[1].payload, latentWidth, latentHeight)], { type: "image/avif" });
  const pen = new OffscreenCanvas(latentWidth, latentHeight).getContext("2d");
  pen.drawImage(await createImageBitmap(avif), 0, 0);
  return pen.getImageData(0, 0, latentWidth, latentHeight).data;
}

async function inflated(text) {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

const MAX_PAINTED = 4194304; // pixels: some 200 MB of maps, or a gigabyte to restore; and a minute or more

let before = Promise.resolve();

onmessage = ({ data: { id, task, ...request } }) => {
  before = before.then(async () => {
    let told = 0;
    const progress = (share) => {
      if (share - told > 0.01) postMessage({ id, progress: (told = share) });
    };
    try {
      postMessage({ id, result: await tasks[task](request, progress) });
    } catch (error) {
      postMessage({ id, failed: { code: error.code || "error", path: error.path || "", message: error.message } });
    }
  });
};
