// The header of a file (clauses C-2 to C-8): what is said in bits before the segments begin.

import { bitOf } from "./bytes.js";
import { Refused, overLimit, within } from "./errors.js";

export const MAX_SEGMENT_BYTES = 1048576; // C-1

// {objects, width, height, model, scale, latentWidth, latentHeight, seed, extended, kinds, lengths, wrong, bytes}.
// `wrong`: the rules for writers that the header breaks, which are told of only once the check was right (C-16).
export function readHeader(file) {
  const bits = new HeaderBits(file);
  const wrong = [];
  if (bits.take(16) !== 0x5ed1) throw new Refused("malformed", "the file does not begin with 5E D1", "header.magic"); // C-2
  const version = bits.take(3);
  if (version !== 1) throw new Refused("unsupported", `version ${version}`, "header");
  const objects = bits.take(3); // C-3
  const { width, height } = readSize(bits, wrong);
  const model = within("header", () => bits.expGolomb(3, 255));
  const scale = bits.take(5) + 1;
  const [latentWidth, latentHeight] = latentSize(width, height, scale);
  const { extended, seed } = readOptional(bits, wrong);
  const kinds = segmentKinds(objects); // C-6
  const stated = extended ? kinds : kinds.slice(0, -1); // C-7
  const lengths = stated.map((kind) => within("header", () => bits.expGolomb(LENGTH_ORDERS[kind], MAX_SEGMENT_BYTES)));
  while (bits.at % 8) if (bits.take(1)) wrong.push("C-8: bits that fill the header up are not zero");
  return {
    version, objects, width, height, model, scale, latentWidth, latentHeight, extended, seed, kinds, lengths, wrong,
    bytes: bits.at / 8,
  };
}

// Exp-Golomb codes and numbers; the end of the bytes is the end of the file.
class HeaderBits {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  take(count) {
    let value = 0;
    for (; count; count--) {
      if (this.at >= 8 * this.bytes.length) throw new Refused("truncated", "the file ends inside the header", "header");
      value = 2 * value + bitOf(this.bytes, this.at++);
    }
    return value;
  }

  expGolomb(order, most) {
    let zeros = 0;
    while (!this.take(1)) if (2 ** order * (2 ** ++zeros - 1) > most) overLimit("an Exp-Golomb code of too many zeros");
    const value = 2 ** order * (2 ** zeros - 1) + this.take(zeros + order);
    if (value > most) overLimit(`${value}, where ${most} is the most`);
    return value;
  }
}

function readSize(bits, wrong) { // C-5
  const ratio = bits.take(3);
  const eighths = bits.take(1);
  const long = eighths ? bits.take(1) : 0;
  const unit = eighths ? 8 : 1;
  const height = (bits.take(eighths ? (long ? 10 : 7) : 13) + 1) * unit;
  const width = ratio ? byRatio(height, ratio) : (bits.take(eighths ? 10 : 13) + 1) * unit;
  if (width < 16 || width > 8192) throw new Refused("limit", `a width of ${width}`, "header.size.width");
  if (height < 16 || height > 8192) throw new Refused("limit", `a height of ${height}`, "header.size.height");
  const ratios = [1, 2, 3, 4, 5, 6, 7];
  if ((ratios.find((r) => byRatio(height, r) === width) || 0) !== ratio) wrong.push("C-5: another ratio says this size");
  if (!!eighths !== (height % 8 === 0 && (ratio !== 0 || width % 8 === 0))) wrong.push("C-5: eighths");
  if (eighths && !!long !== height > 1024) wrong.push("C-5: long");
  return { width, height };
}

function byRatio(height, ratio) {
  const [a, b] = RATIOS[ratio];
  return Math.floor((height * a) / b);
}

function latentSize(width, height, scale) { // L-1
  const size = [width, height].map((side) => Math.ceil((side * scale) / 16));
  if (Math.max(...size) > 8192) throw new Refused("limit", `a latent of ${size.join(" by ")}`, "header.latent_scale");
  return size;
}

function readOptional(bits, wrong) { // C-3, C-4
  if (!bits.take(1)) return { extended: 0, seed: 0 };
  const extended = bits.take(1);
  const seeded = bits.take(1);
  if (!extended && !seeded) wrong.push("C-3: optional, and nothing is");
  const seed = seeded ? bits.take(32) : 0;
  if (seeded && !seed) wrong.push("C-4: a seed of 0 is written");
  return { extended, seed };
}

function segmentKinds(objects) {
  const kinds = ["latent.z", "latent.y", "text.overall"];
  for (let d = 0; d < objects; d++) kinds.push("text.object", "mask");
  return kinds;
}

const RATIOS = [null, [1, 1], [3, 2], [2, 3], [4, 3], [3, 4], [16, 9], [9, 16]];
const LENGTH_ORDERS = { "latent.z": 7, "latent.y": 11, "text.overall": 6, "text.object": 6, mask: 5 };
