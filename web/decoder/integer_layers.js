// The integer layers of hyper-synthesis and priors (section 3): float64 holds all of their numbers exactly.

import { clamp } from "./bytes.js";
import { table, tensors } from "./tables.js";

// x -> clamp(layer(x), least, 32767), written to `out` (H-3, H-5).
export function applyLayer(layer, x, out, least) {
  const { bias, byInput, outputs, multiplier, half, scale } = layer;
  for (let o = 0; o < outputs; o++) sums[o] = bias[o];
  for (let i = 0; i < layer.inputs; i++) {
    if (x[i]) for (let o = 0, k = i * outputs; o < outputs; o++, k++) sums[o] += byInput[k] * x[i];
  }
  for (let o = 0; o < outputs; o++) out[o] = clamp(Math.floor((sums[o] * multiplier[o] + half) * scale), least, 32767);
}

// Layers 1 to 6 of a learned model, from the part *entropy* of its weights; read once.
export function layersOf(model) {
  if (!read.has(model)) {
    const parts = tensors(table(`${model} entropy`));
    read.set(model, Object.fromEntries(Object.entries(LAYER_NAMES).map(([k, name]) => [k, readLayer(parts, name)])));
  }
  return read.get(model);
}

function readLayer(parts, name) {
  const [bias, multiplier, [shift]] = ["bias", "multiplier", "shift"].map((kind) => numbers(parts[`${name}.${kind}`]));
  const weight = numbers(parts[`${name}.weight`]);
  const outputs = bias.length;
  const inputs = weight.length / outputs;
  const byInput = new Float64Array(weight.length); // so that inputs of zero cost nothing
  for (let o = 0; o < outputs; o++) for (let i = 0; i < inputs; i++) byInput[i * outputs + o] = weight[o * inputs + i];
  return { bias, byInput, outputs, inputs, multiplier, half: 2 ** (shift - 1), scale: 2 ** -shift };
}

function numbers({ dtype, bytes }) {
  const Kind = dtype === "I8" ? Int8Array : Int32Array; // every browser's machine is little-endian
  return Float64Array.from(new Kind(bytes.buffer, bytes.byteOffset, bytes.length / Kind.BYTES_PER_ELEMENT));
}

const read = new Map();
const sums = new Float64Array(1024);

const LAYER_NAMES = {
  1: "h_s.grow", 2: "h_s.leave", 3: "prior_z.look", 4: "prior_z.leave", 5: "h_s.look", 6: "h_s.leave_odd",
};
