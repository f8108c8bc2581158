// The latent of a learned model: payloads of z and y -> their values and means (L-1 to L-8, H-1 to H-10).
//
//     z -- layers 3, 4 (what was read before) --> mean and table of each value of z
//     z -- layer 1 --> h;  even places: layer 2;  odd places: layers 5, 6 --> mean and index of each value of y

import { clamp, once } from "./bytes.js";
import { overLimit, within } from "./errors.js";
import { applyLayer, layersOf } from "./integer_layers.js";
import { RangeDecoder, signedTables } from "./range_decoder.js";
import { tableText } from "./tables.js";

// {z, y: Int16Array, means: Int16Array in 1/64, rows, columns, model: its name}; arrays channel by channel, row by row.
export function decodeLatent(zPayload, yPayload, latentWidth, latentHeight, { name, yChannels, zChannels }) {
  const layers = layersOf(name);
  const grid = { rows: Math.ceil(latentHeight / 32), columns: Math.ceil(latentWidth / 32) };
  const zGrid = { rows: Math.ceil(grid.rows / 2), columns: Math.ceil(grid.columns / 2) };
  const z = within("z", () => decodeZ(layers, zPayload, zChannels, zGrid));
  const h = hyperSynthesis(layers, z, zChannels, zGrid);
  const { y, means } = within("y", () => decodeY(layers, yPayload, h, yChannels, grid));
  return { z, y, means, ...grid, model: name };
}

function decodeZ(layers, payload, channels, { rows, columns }) { // H-7, H-8
  const decoder = new RangeDecoder(payload);
  const z = new Int16Array(channels * rows * columns);
  const x = new Float64Array(4 * channels);
  const e = new Float64Array(HIDDEN);
  const v = new Float64Array(2 * channels);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      BEFORE.forEach(([down, right], n) => {
        const inside = i + down >= 0 && j + right >= 0 && j + right < columns;
        for (let c = 0; c < channels; c++) {
          x[n * channels + c] = inside ? z[(c * rows + i + down) * columns + j + right] : 0;
        }
      });
      applyLayer(layers[3], x, e, 0);
      applyLayer(layers[4], e, v, -32767);
      for (let c = 0; c < channels; c++) {
        z[(c * rows + i) * columns + j] = valueOfZ(decoder, v[c], clamp(v[channels + c], 1, 31));
      }
    }
  }
  decoder.end();
  return z;
}

function valueOfZ(decoder, mean, index) { // H-8
  const base = (mean + 32) >> 6;
  const f = (mean - 64 * base + 32) >> 3;
  const coded = decoder.signed(shiftedGaussians()[4 * (index - 1) + Math.min(f, 7 - f)]);
  const value = f < 4 ? base + coded : base - coded;
  if (Math.abs(value) > 32767) overLimit("a value of z over 32767");
  return value;
}

// h of H-1 to H-4: {h, columns}, h[(row * columns + column) * HIDDEN + n] on a grid twice as fine as z's.
function hyperSynthesis(layers, z, channels, { rows, columns }) {
  const h = new Int16Array(4 * rows * columns * HIDDEN);
  const x = new Float64Array(9 * channels);
  const grown = new Float64Array(4 * HIDDEN);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      for (let c = 0; c < channels; c++) {
        for (let k = 0; k < 9; k++) x[9 * c + k] = valueAt(z, c, i + Math.floor(k / 3) - 1, j + (k % 3) - 1); // H-2
      }
      applyLayer(layers[1], x, grown, 0);
      for (let n = 0; n < HIDDEN; n++) {
        for (let k = 0; k < 4; k++) { // H-4
          h[((2 * i + (k >> 1)) * 2 * columns + 2 * j + (k & 1)) * HIDDEN + n] = grown[4 * n + k];
        }
      }
    }
  }
  return { h, columns: 2 * columns };

  function valueAt(values, c, row, column) { // H-1
    return row >= 0 && row < rows && column >= 0 && column < columns ? values[(c * rows + row) * columns + column] : 0;
  }
}

function decodeY(layers, payload, hidden, channels, { rows, columns }) { // H-9
  const decoder = new RangeDecoder(payload);
  const places = rows * columns;
  const y = new Int16Array(channels * places);
  const means = new Int16Array(channels * places);
  const indices = new Uint8Array(channels * places);
  const v = new Float64Array(2 * channels);
  for (const odd of [0, 1]) {
    const each = (use) => {
      for (let i = 0; i < rows; i++) for (let j = (i + odd) & 1; j < columns; j += 2) use(i, j, i * columns + j);
    };
    const distribution = odd ? oddPlace(layers, y, hidden, channels, rows, columns) : evenPlace(layers, hidden);
    each((i, j, at) => {
      distribution(i, j, v);
      for (let c = 0; c < channels; c++) {
        means[c * places + at] = v[c]; // H-6
        indices[c * places + at] = clamp(v[channels + c], 0, 47);
      }
    });
    for (let c = 0; c < channels; c++) {
      each((i, j, at) => {
        const k = c * places + at;
        if (indices[k]) y[k] = decoder.signed(gaussians()[indices[k]]); // L-6
      });
    }
  }
  decoder.end();
  return { y, means };
}

function evenPlace(layers, { h, columns }) { // H-5
  const x = new Float64Array(HIDDEN);
  return (i, j, v) => {
    x.set(h.subarray((i * columns + j) * HIDDEN, (i * columns + j + 1) * HIDDEN));
    applyLayer(layers[2], x, v, -32767);
  };
}

function oddPlace(layers, y, hidden, channels, rows, columns) { // H-10
  const x = new Float64Array(HIDDEN + 4 * channels);
  const e = new Float64Array(2 * HIDDEN);
  return (i, j, v) => {
    const own = hidden.h.subarray((i * hidden.columns + j) * HIDDEN, (i * hidden.columns + j + 1) * HIDDEN);
    x.set(own);
    e.set(own);
    AROUND.forEach(([down, right], n) => {
      const [a, b] = [i + down, j + right];
      const inside = a >= 0 && a < rows && b >= 0 && b < columns;
      for (let c = 0; c < channels; c++) {
        x[HIDDEN + n * channels + c] = inside ? 256 * clamp(y[(c * rows + a) * columns + b], -127, 127) : 0;
      }
    });
    applyLayer(layers[5], x, e.subarray(HIDDEN), 0);
    applyLayer(layers[6], e, v, -32767);
  };
}

const gaussians = once(() => signedTables(tableText("gaussian_frequencies.txt"))); // L-4
const shiftedGaussians = once(() => signedTables(tableText("shifted_gaussian_frequencies.txt")));
const HIDDEN = 64; // N
const BEFORE = [[-1, -1], [-1, 0], [-1, 1], [0, -1]];
const AROUND = [[-1, 0], [0, -1], [0, 1], [1, 0]];
