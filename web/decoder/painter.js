// g_s: the reference picture of a learned model from its latent (L-7, G-1 to G-8).
//
// A map is {channels, rows, columns, values}, values channel by channel, row by row, float32. What one pointwise layer
// does at all places is one matrix product; it runs over places within, which are neighbours in memory.

import { table, tensors } from "./tables.js";

// Samples R, G, B, A of the latent's pixels (Uint8ClampedArray). `progress(share)` is told how much of the work is
// done.
export function paint({ y, means, rows, columns, model }, width, height, progress = () => {}) {
  const parts = tensors(table(`${model} painter`));
  const values = Float32Array.from(y, (value, i) => value + means[i] / 64);
  const painter = new Painter(parts, rows * columns, progress);
  const x = painter.picture({ channels: y.length / (rows * columns), rows, columns, values });
  return samples(x, width, height);
}

class Painter {
  constructor(parts, places, progress) {
    this.parts = parts;
    this.isFine = "g_s.enter4.weight" in parts;
    this.whole = places * (PRODUCTS_A_PLACE + (this.isFine ? FINE_PRODUCTS : 0));
    this.done = 0;
    this.progress = progress;
  }

  picture(latent) { // G-5
    const a = this.body("body32", this.point("enter32", latent));
    const b = this.body("body16", shuffle(this.point("enter16", a), 2));
    const c = this.body("body8", shuffle(this.point("enter8", b), 2));
    const flat = shuffle(this.point("linear", latent), 32);
    const detail = shuffle(this.point("leave", c), 8);
    flat.values.forEach((value, i) => (flat.values[i] = value + detail.values[i]));
    if (!this.isFine) return flat;
    const d = this.body("body4", shuffle(this.point("enter4", c), 2)); // G-7
    const fine = shuffle(this.around("leave4", d), 4);
    flat.values.forEach((value, i) => (flat.values[i] = value + fine.values[i]));
    return flat;
  }

  body(name, x) { // G-4
    for (let k = 0; `g_s.${name}.${k}.narrow.bias` in this.parts; k++) {
      const block = `${name}.${k}`;
      const wide = this.point(`${block}.widen`, this.depth(`${block}.depthwise`, x));
      wide.values.forEach((value, i) => (wide.values[i] = value > 0 ? value : 0));
      const added = this.point(`${block}.narrow`, wide);
      added.values.forEach((value, i) => (added.values[i] = value + x.values[i]));
      x = added;
    }
    return x;
  }

  point(name, x) { // G-2
    const [weight, bias] = this.layer(name);
    const places = x.rows * x.columns;
    const values = new Float32Array(bias.length * places);
    for (let o = 0; o < bias.length; o++) {
      const out = values.subarray(o * places, (o + 1) * places).fill(bias[o]);
      for (let n = 0; n < x.channels; n++) addTimes(out, weight[o * x.channels + n], x.values, n * places);
    }
    this.done += values.length * x.channels;
    this.progress(Math.min(1, this.done / this.whole));
    return { channels: bias.length, rows: x.rows, columns: x.columns, values };
  }

  depth(name, x) { // G-3
    const [weight, bias] = this.layer(name);
    const { channels, rows, columns } = x;
    const values = new Float32Array(x.values.length);
    for (let o = 0, at = 0; o < channels; o++) {
      for (let i = 0; i < rows; i++) {
        for (let j = 0; j < columns; j++, at++) {
          let sum = bias[o];
          for (let p = Math.max(0, 2 - i); p < Math.min(5, rows + 2 - i); p++) {
            const from = (o * rows + i + p - 2) * columns + j - 2;
            for (let q = Math.max(0, 2 - j); q < Math.min(5, columns + 2 - j); q++) {
              sum += weight[o * 25 + p * 5 + q] * x.values[from + q];
            }
          }
          values[at] = sum;
        }
      }
    }
    return { channels, rows, columns, values };
  }

  around(name, x) { // G-7: a layer that sees the eight places around too
    const [weight, bias] = this.layer(name);
    const { channels, rows, columns } = x;
    const values = new Float32Array(bias.length * rows * columns);
    for (let o = 0; o < bias.length; o++) {
      const out = values.subarray(o * rows * columns, (o + 1) * rows * columns).fill(bias[o]);
      for (let n = 0; n < channels; n++) {
        const plane = x.values.subarray(n * rows * columns, (n + 1) * rows * columns);
        for (let k = 0; k < 9; k++) {
          const [down, right, factor] = [Math.floor(k / 3) - 1, (k % 3) - 1, weight[(o * channels + n) * 9 + k]];
          addMoved(out, factor, plane, rows, columns, down, right);
        }
      }
    }
    this.done += values.length * channels * 9;
    this.progress(Math.min(1, this.done / this.whole));
    return { channels: bias.length, rows, columns, values };
  }

  layer(name) {
    return ["weight", "bias"].map((kind) => this.tensor(`g_s.${name}.${kind}`));
  }

  tensor(name) { // G-8: float16, or integers with a unit for each output
    const { dtype, bytes } = this.parts[name];
    if (dtype !== "I8") return halves(bytes);
    const units = halves(this.parts[`${name}.unit`].bytes);
    const each = bytes.length / units.length;
    return Float32Array.from(new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length), (v, i) => v * units[Math.floor(i / each)]);
  }
}

function addTimes(out, factor, values, from) {
  for (let i = 0; i < out.length; i++) out[i] += factor * values[from + i];
}

// out[i, j] += factor * plane[i + down, j + right], zeros outside.
function addMoved(out, factor, plane, rows, columns, down, right) {
  const [left, end] = [Math.max(0, -right), columns - Math.max(0, right)];
  for (let i = Math.max(0, -down); i < rows - Math.max(0, down); i++) {
    const [to, from] = [i * columns, (i + down) * columns + right];
    for (let j = left; j < end; j++) out[to + j] += factor * plane[from + j];
  }
}

function shuffle({ channels, rows, columns, values }, r) { // G-1
  const out = new Float32Array(values.length);
  for (let channel = 0, at = 0; channel < channels; channel++) {
    const [k, p, q] = [Math.floor(channel / (r * r)), Math.floor(channel / r) % r, channel % r];
    for (let i = 0; i < rows; i++) {
      const line = ((k * rows + i) * r + p) * columns * r + q;
      for (let j = 0; j < columns; j++) out[line + j * r] = values[at++];
    }
  }
  return { channels: channels / (r * r), rows: rows * r, columns: columns * r, values: out };
}

function samples({ rows, columns, values }, width, height) { // G-6
  const out = new Uint8ClampedArray(4 * width * height); // which rounds and clips
  for (let i = 0, at = 0; i < height; i++) {
    for (let j = 0; j < width; j++, at += 4) {
      for (let c = 0; c < 3; c++) out[at + c] = 255 * (values[(c * rows + i) * columns + j] + 0.5);
      out[at + 3] = 255;
    }
  }
  return out;
}

// float16, little-endian -> Float32Array.
function halves(bytes) {
  const words = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
  return Float32Array.from(words, (word) => {
    const [sign, exponent, fraction] = [word >> 15 ? -1 : 1, (word >> 10) & 31, word & 1023];
    return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -24 * fraction);
  });
}


// Of the pointwise layers, for a place of the latent: linear and 1/32; 1/16, four places; 1/8, sixteen. Blocks have two
// layers that double the channels or halve them.
const PRODUCTS_A_PLACE =
  192 * (3072 + 320) + 4 * 2 * 2 * 320 ** 2 +
  320 * 768 + 4 * (4 * 2 * 2 * 192 ** 2) +
  4 * 192 * 384 + 16 * (3 * 2 * 2 * 96 ** 2 + 96 * 192);
const FINE_PRODUCTS = 16 * 96 * 192 + 64 * (2 * 2 * 2 * 48 ** 2 + 9 * 48 * 48); // G-7: 1/4, sixty-four places
