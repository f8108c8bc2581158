// A whole file: what it holds, as the conformance runner and `sedic-inspect --json --check` name it.

import { checkFrame } from "./av1_frame.js";
import { littleEndian16 } from "./bytes.js";
import { readContainer } from "./container.js";
import { Refused, malformed, within } from "./errors.js";
import { decodeLatent } from "./latent.js";
import { maskCoder, readMasks } from "./masks.js";
import { sha256 } from "./sha256.js";
import { decodeText, textCoder } from "./text.js";

// {header, segments, extensions, complete, model}: the file's frame, its latent not yet decoded; of model av1, its
// frame header is checked, of model none, that there is no latent (N-1). A model need not be known here: texts and
// masks are read without. Throws Refused. Needs no tables.
export function openFile(file, allowPrefix = false) {
  const frame = readContainer(file, allowPrefix);
  const { header, segments } = frame;
  const model = MODELS[header.model] || { name: null, coder: "unknown" };
  const [z, y] = segments;
  if (model.coder === "av1" || model.coder === "empty") within("z", () => z.bytes && malformed("z is not empty"));
  if (model.coder === "av1") within("y", () => checkFrame(y.payload, header.latentWidth, header.latentHeight));
  if (model.coder === "empty") {
    within("y", () => y.bytes && malformed("y is not empty"));
    if (header.scale !== 16) throw new Refused("malformed", `the scale ${header.scale} of a latent that is none`, "header.latent_scale");
  }
  return { ...frame, model };
}

// Throws Refused where the latent of a file is none that can be decoded here.
export function needModel({ header, model }) {
  if (["range", "av1", "empty"].includes(model.coder)) return;
  const told = model.name ? `the model ${model.name} cannot be decoded here` : `no model has the id ${header.model}`;
  throw new Refused("unsupported", told, "header.model_id");
}

// {overall, objects} (section 4) and the masks with their cells (section 5).
export function readWords({ segments }) {
  const texts = segments.filter(({ kind }) => kind.startsWith("text"));
  const [overall = "", ...objects] = texts.map(({ path, payload }) => within(path, () => decodeText(payload)));
  return { overall, objects };
}

export function readFileMasks({ header, segments }) {
  return readMasks(segments.filter(({ kind }) => kind === "mask"), header.width, header.height);
}

// The latent of a learned model (section 2).
export function readLatent({ header, segments, model }) {
  const [z, y] = segments;
  return decodeLatent(z.payload, y.payload, header.latentWidth, header.latentHeight, model);
}

// The report of conformance/README.md.
export function report(file) {
  const opened = openFile(file);
  needModel(opened);
  const { header, segments, extensions, model } = opened;
  const [z, y] = segments;
  const latent = model.coder === "range" ? readLatent(opened) : null;
  const digests = latent ? [latent.z, latent.y].map((v) => sha256(littleEndian16(v))) : [z, y].map((s) => sha256(s.payload));
  const texts = readWords(opened);
  const masks = readFileMasks(opened).map(({ cells, ...mask }) => ({ ...mask, sha256: sha256(cells) }));
  return {
    version: header.version, width: header.width, height: header.height, seed: header.seed, latent_scale: header.scale,
    models: { latent: { id: header.model, name: model.name } },
    texts, masks, segments: segmentList(opened), extensions, digests: { z: digests[0], y: digests[1] },
  };
}

// Kind, path, coder, place and length of each segment.
export function segmentList({ segments, model }) {
  const coderOf = ({ kind, payload }) => {
    if (kind.startsWith("latent")) return model.coder;
    return kind === "mask" ? maskCoder(payload) : textCoder(payload);
  };
  return segments.map((s) => ({ kind: s.kind, path: s.path, coder: coderOf(s), offset: s.offset, bytes: s.bytes }));
}

//
export const MODELS = {
  2: { name: "sedic-nano-2", coder: "range", yChannels: 192, zChannels: 24 },
  3: { name: "av1", coder: "av1" },
  4: { name: "none", coder: "empty" },
  5: { name: "compressai", coder: "rans" },
  6: { name: "sedic-nano-3", coder: "range", yChannels: 192, zChannels: 24 },
};
