// Mask segments (M-1 to M-5): a tag with coder and scale, then the coder's data.

import { equalBytes } from "./bytes.js";
import { Refused, malformed, overLimit, within } from "./errors.js";
import { genericRegionData, readGenericRegion } from "./generic_region.js";
import { readContexts } from "./mask_contexts.js";
import { readRunLength, runLengthData } from "./run_length.js";

export const maskCoder = (payload) => (payload.length ? MASK_CODERS[payload[0] >> 5] : undefined);

// [{scale, rows, columns, cells}] of the file's mask segments; cells are 0 and 1 in raster order. All that the tags
// declare is held against the limits before any mask is decoded (C-16, M-5).
export function readMasks(segments, width, height) {
  const total = { all: 0, coded: 0 };
  const tags = segments.map(({ path, payload }) => within(path, () => readTag(payload, width, height, total)));
  const earlier = new Map(); // by scale
  return segments.map(({ path, payload }, d) =>
    within(path, () => {
      const { coder, scale, rows, columns } = tags[d];
      const cells = readCells(coder, payload.subarray(1), rows, columns, earlier.get(scale));
      earlier.set(scale, together(cells, earlier.get(scale)));
      return { scale, rows, columns, cells };
    }),
  );
}

function readTag(payload, width, height, total) { // M-1 to M-3
  if (!payload.length) malformed("a mask of no bytes");
  const [tag] = payload;
  if (tag & 3) malformed("the tag's last bits are not zero");
  const coder = tag >> 5;
  if (coder >= MASK_CODERS.length) throw new Refused("unsupported", `mask coder ${coder} is not known`);
  const scale = 2 ** ((tag >> 2) & 7);
  const [rows, columns] = [Math.ceil(height / scale), Math.ceil(width / scale)];
  total.all += rows * columns;
  total.coded += coder ? rows * columns : 0;
  if (total.all > 33554432 || total.coded > 1048576) overLimit("the masks have too many cells");
  return { coder, scale, rows, columns };
}

function readCells(coder, data, rows, columns, earlier) {
  if (coder >= 2) return readContexts(data, rows, columns, coder === 3 ? earlier : undefined); // its end is checked by L-5
  const [read, write] = coder ? [readGenericRegion, genericRegionData] : [readRunLength, runLengthData];
  const cells = read(data, rows, columns);
  if (!equalBytes(write(cells, rows, columns), data)) malformed("the payload is not the one of its bitmap (M-4)");
  return cells;
}

function together(cells, earlier) {
  return earlier ? cells.map((cell, i) => cell | earlier[i]) : cells;
}

const MASK_CODERS = ["run-length", "generic-region", "contexts", "contexts-relative"]; // M-2
