// What every reader sees of a frame of model av1 without painting it: its header, its tile group's, the tiles' sizes
//
//
// Names and order are those of AV1 5.9 and 5.11.1, for the one sequence header of A-2: a still picture, 4:4:4, 64x64
// superblocks.

import { bitOf, clamp } from "./bytes.js";
import { malformed } from "./errors.js";

// Refuses what A-3 calls malformed.
export function checkFrame(frame, width, height) {
  if (!frame.length) malformed("y is empty");
  if (!frame[frame.length - 1]) malformed("y ends in a zero byte");
  const bits = new FrameBits(frame);
  bits.f(1); // disable_cdf_update
  const screenContent = bits.f(1); // allow_screen_content_tools
  if (screenContent) bits.f(1); // force_integer_mv
  if (bits.f(1)) bits.f(32); // render_size
  const intraBlockCopy = screenContent ? bits.f(1) : 0;
  const tiles = tileInfo(bits, width, height);
  const lossless = quantisation(bits, intraBlockCopy);
  if (!lossless && !intraBlockCopy) loopFilter(bits);
  if (!lossless) bits.f(1); // tx_mode_select
  bits.f(1); // reduced_tx_set
  bits.byteAlignment();
  tileGroup(bits, frame, tiles);
}

class FrameBits {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  f(count) {
    let value = 0;
    for (; count; count--) {
      if (this.at >= 8 * this.bytes.length) malformed("the frame's header or tile group ends too soon");
      value = 2 * value + bitOf(this.bytes, this.at++);
    }
    return value;
  }

  su(count) {
    const value = this.f(count);
    return value >= 2 ** (count - 1) ? value - 2 ** count : value;
  }

  ns(n) {
    const w = n.toString(2).length;
    const m = 2 ** w - n;
    const value = this.f(w - 1);
    return value < m ? value : 2 * value - m + this.f(1);
  }

  byteAlignment() {
    while (this.at % 8) if (this.f(1)) malformed("a bit of byte_alignment is not zero");
  }
}

function tileLog2(block, target) {
  let k = 0;
  while (block * 2 ** k < target) k++;
  return k;
}

function tileInfo(bits, width, height) { // 5.9.15
  const [columns, rows] = [width, height].map((side) => (2 * ((side + 7) >> 3) + 15) >> 4); // superblocks
  const minLog2Columns = tileLog2(64, columns);
  const minLog2 = Math.max(minLog2Columns, tileLog2(2304, rows * columns));
  const read = bits.f(1) ? uniformTiles : chosenTiles;
  const tiles = read(bits, columns, rows, minLog2Columns, minLog2);
  if (tiles.columns > 64 || tiles.rows > 64) malformed("too many tiles");
  tiles.sizeBytes = 0;
  if (tiles.log2Columns || tiles.log2Rows) {
    const updated = bits.f(tiles.log2Rows + tiles.log2Columns);
    if (updated >= tiles.columns * tiles.rows) malformed("context_update_tile_id is no tile");
    tiles.sizeBytes = bits.f(2) + 1;
  }
  return tiles;
}

function uniformTiles(bits, columns, rows, minLog2Columns, minLog2) {
  const increments = (least, most) => {
    while (least < most && bits.f(1)) least++;
    return least;
  };
  const log2Columns = increments(minLog2Columns, tileLog2(1, Math.min(columns, 64)));
  const width = (columns + 2 ** log2Columns - 1) >> log2Columns;
  const log2Rows = increments(Math.max(minLog2 - log2Columns, 0), tileLog2(1, Math.min(rows, 64)));
  const height = (rows + 2 ** log2Rows - 1) >> log2Rows;
  return { columns: Math.ceil(columns / width), rows: Math.ceil(rows / height), log2Columns, log2Rows };
}

function chosenTiles(bits, columns, rows, minLog2Columns, minLog2) {
  const spans = (all, most) => {
    const sizes = [];
    for (let start = 0; start < all; start += sizes[sizes.length - 1]) sizes.push(bits.ns(Math.min(all - start, most)) + 1);
    return sizes;
  };
  const widths = spans(columns, 64);
  const area = minLog2 > 0 ? (rows * columns) >> (minLog2 + 1) : rows * columns;
  const heights = spans(rows, Math.max(Math.floor(area / Math.max(...widths)), 1));
  const [log2Columns, log2Rows] = [tileLog2(1, widths.length), tileLog2(1, heights.length)];
  return { columns: widths.length, rows: heights.length, log2Columns, log2Rows };
}

// 5.9.12, 5.9.14, 5.9.17, 5.9.18; whether the frame is lossless (CodedLossless).
function quantisation(bits, intraBlockCopy) {
  const base = bits.f(8);
  const deltas = [0, 0, 0].map(() => (bits.f(1) ? bits.su(7) : 0));
  if (bits.f(1)) bits.f(8); // qm_y, qm_u
  const alternatives = bits.f(1) ? segmentation(bits) : [0];
  if (base > 0 && bits.f(1)) { // delta_q_present
    bits.f(2);
    if (!intraBlockCopy && bits.f(1)) bits.f(3); // delta_lf_present
  }
  return deltas.every((delta) => !delta) && alternatives.every((change) => clamp(base + change, 0, 255) === 0);
}

// What each segment adds to the quantiser.
function segmentation(bits) {
  const alternatives = new Array(8).fill(0);
  for (let segment = 0; segment < 8; segment++) {
    SEGMENTATION_BITS.forEach((count, feature) => {
      if (!bits.f(1)) return;
      const value = feature < 5 ? bits.su(1 + count) : bits.f(count);
      if (!feature) alternatives[segment] = clamp(value, -255, 255);
    });
  }
  return alternatives;
}

function loopFilter(bits) { // 5.9.11
  const [horizontal, vertical] = [bits.f(6), bits.f(6)];
  if (horizontal || vertical) bits.f(12);
  bits.f(3); // sharpness
  if (bits.f(1) && bits.f(1)) for (let i = 0; i < 10; i++) if (bits.f(1)) bits.su(7);
}

function tileGroup(bits, frame, { columns, rows, log2Columns, log2Rows, sizeBytes }) { // 5.11.1
  const tiles = columns * rows;
  if (tiles > 1 && bits.f(1)) {
    const [first, last] = [bits.f(log2Columns + log2Rows), bits.f(log2Columns + log2Rows)];
    if (first !== 0 || last !== tiles - 1) malformed("the tile group does not hold all tiles");
  }
  bits.byteAlignment();
  let at = bits.at / 8;
  for (let tile = 0; tile < tiles; tile++) {
    let size = frame.length - at;
    if (tile < tiles - 1) {
      if (size < sizeBytes) malformed("a tile's size is cut");
      size = 1;
      for (let k = 0; k < sizeBytes; k++) size += frame[at + k] * 256 ** k;
      at += sizeBytes;
      if (size > frame.length - at) malformed("a tile is longer than the frame");
    }
    if (size < 1) malformed("a tile of no bytes");
    at += size;
  }
}

const SEGMENTATION_BITS = [8, 6, 6, 6, 6, 3, 0, 0];
