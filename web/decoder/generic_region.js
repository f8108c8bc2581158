// Masks as a generic region of JBIG2 (M-14 to M-18): ITU-T T.88, clause 6.2, template 0.

import { MqDecoder, MqEncoder } from "./mq_coder.js";

export function readGenericRegion(data, rows, columns) {
  const decoder = new MqDecoder(data);
  return codeRegion(rows, columns, (context) => decoder.decide(context));
}

export function genericRegionData(cells, rows, columns) {
  const encoder = new MqEncoder();
  codeRegion(rows, columns, (context, at) => {
    encoder.put(context, cells[at]);
    return cells[at];
  });
  return encoder.end();
}

// Cell by cell in raster order: `code(context, at)` gives the cell of 16 neighbours: five two rows above, seven above,
// four left.
function codeRegion(rows, columns, code) {
  const cells = new Uint8Array(rows * columns);
  const lines = [0, 1, 2].map(() => new Uint8Array(columns + 8)); // two above, above, this; column x stands at x + 4
  for (let y = 0; y < rows; y++) {
    const [second, first, line] = lines;
    line.fill(0);
    let far = (second[4] << 1) | second[5];
    let near = (first[4] << 2) | (first[5] << 1) | first[6];
    let left = 0;
    for (let x = 0, at = y * columns; x < columns; x++, at++) {
      far = ((far << 1) | second[x + 6]) & 31;
      near = ((near << 1) | first[x + 7]) & 127;
      line[x + 4] = cells[at] = code((far << 11) | (near << 4) | left, at);
      left = ((left << 1) | cells[at]) & 15;
    }
    lines.push(lines.shift());
  }
  return cells;
}
