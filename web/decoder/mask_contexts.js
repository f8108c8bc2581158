// Masks by contexts (M-19 to M-24): a tree of questions about earlier cells gives the frequency of a 1.

import { once } from "./bytes.js";
import { malformed } from "./errors.js";
import { RangeDecoder } from "./range_decoder.js";
import { tableText } from "./tables.js";

// `earlier`: the cells of the masks before with the same scale, one on the other, or undefined (M-24).
export function readContexts(data, rows, columns, earlier) {
  const decoder = new RangeDecoder(data);
  if (decoder.code >= decoder.range) malformed("code is not below range"); // M-22
  const frequencyOf = questions(rows, columns, earlier);
  const cells = new Uint8Array(rows * columns);
  let ones = 0;
  for (let y = 0, at = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++, at++) {
      cells[at] = bit(decoder, frequencyOf(cells, ones, y, x));
      ones += cells[at];
    }
  }
  decoder.end(); // M-23
  return cells;
}

function bit(decoder, f) { // M-22
  const r = Math.floor(decoder.range / 65536);
  const zeros = f <= 32768 ? decoder.range - r * f : r * (65536 - f);
  const one = decoder.code >= zeros;
  decoder.narrow(one ? zeros : 0, one ? decoder.range - zeros : zeros);
  return one ? 1 : 0;
}

// (cells, how many of them are 1, row, column) -> the frequency at the leaf (M-20, M-21).
function questions(rows, columns, earlier) {
  const { kind, first, second, no, yes } = tree();
  return (cells, ones, y, x) => {
    let node = 0;
    while (kind[node] !== LEAF) node = answer(node, cells, ones, y, x) ? yes[node] : no[node];
    return first[node];
  };

  function answer(node, cells, ones, y, x) {
    if (kind[node] === ANY_BEFORE) return ones > (x ? cells[y * columns + x - 1] : 0);
    const [row, column] = [y + first[node], x + second[node]];
    const outside = row < 0 || row >= rows || column < 0 || column >= columns;
    if (kind[node] === OUTSIDE || outside) return kind[node] === OUTSIDE && outside;
    return kind[node] === CELL ? cells[row * columns + column] : earlier && earlier[row * columns + column];
  }
}

// Arrays by node: kind, the question's r and c (a leaf's f in `first`), the nodes of its branches.
const tree = once(() => {
  const lines = tableText("mask_contexts.txt").split("\n").filter((line) => line && line[0] !== "#");
  const nodes = { kind: [], first: [], second: [], no: [], yes: [] };
  let next = 0;
  const read = () => {
    const node = next++;
    const [kind, a, b] = lines[node].split(" ");
    nodes.kind[node] = KINDS.indexOf(kind);
    nodes.first[node] = Number(a);
    nodes.second[node] = Number(b || 0);
    nodes.no[node] = kind === "p" ? 0 : read();
    nodes.yes[node] = kind === "p" ? 0 : read();
    return node;
  };
  read();
  return Object.fromEntries(Object.entries(nodes).map(([name, values]) => [name, Int32Array.from(values)]));
});

const KINDS = "pcoeb";
const LEAF = 0, CELL = 1, OUTSIDE = 2, ANY_BEFORE = 4;
