// Masks by run-length (M-6 to M-13): where the cells change, each change coded against the row before.

import { BitWriter, bitOf } from "./bytes.js";
import { malformed, overLimit } from "./errors.js";

// Cells (Uint8Array of rows x columns, 0 and 1) of the data of coder 0.
export function readRunLength(data, rows, columns) {
  const bits = new RunBits(data);
  const down = bits.take(1);
  const whole = bits.take(1);
  const width = down ? rows : columns;
  const cells = filled(readChanges(bits, rows * columns, width, whole), rows * columns);
  return down ? transposed(cells, columns, rows) : cells;
}

// M-13: the shortest of the four ways, the first of equally short ones.
export function runLengthData(cells, rows, columns) {
  const down = transposed(cells, rows, columns);
  const ways = [[cells, columns, 0, 0], [cells, columns, 0, 1], [down, rows, 1, 0], [down, rows, 1, 1]];
  const found = ways.map(([line, width, ...flags]) => writeChanges(changesOf(line), line.length, width, ...flags));
  return found.filter((data) => data).reduce((best, other) => (other.length < best.length ? other : best));
}

// What is expected of a change (M-10), from the changes before it.
class Expectation {
  constructor(cells, width, whole) {
    Object.assign(this, { cells, width, whole, changes: [], lean: [], earlier: [0, 1] });
  }

  // {e, p, q}; e and q are undefined where nothing is expected.
  of(i) {
    const { changes, earlier, width } = this;
    const p = changes[i - 1];
    const parity = i & 1;
    while (earlier[parity] < i && changes[earlier[parity]] + width <= p) earlier[parity] += 2;
    const q = earlier[parity];
    if (q >= i) return { p };
    return { p, q, e: Math.min(Math.max(changes[q] + width + this.lean[q], p + 1), this.cells - 1) };
  }

  add(change, q) {
    this.lean.push(q === undefined ? 0 : this.leanOf(change - this.changes[q] - this.width));
    this.changes.push(change);
  }

  leanOf(shift) {
    return Math.abs(shift) > 8 ? 0 : this.whole ? shift : Math.trunc(shift / 2);
  }
}

function readChanges(bits, cells, width, whole) {
  const expectation = new Expectation(cells, width, whole);
  const first = bits.take(cells.toString(2).length); // M-9
  if (first > cells) malformed("the first change lies outside");
  if (!first) return [];
  expectation.add(first - 1);
  while (bits.at <= bits.lastOne) { // M-7
    const i = expectation.changes.length;
    if (i >= MAX_CHANGES) overLimit("more than 65,536 changes");
    const { e, p, q } = expectation.of(i);
    const change = changeOf(bits.expGolomb(e === undefined ? 3 : 0), e, p);
    if (change >= cells) malformed("a change lies outside");
    expectation.add(change, q);
  }
  return expectation.changes;
}

function changeOf(v, e, p) { // M-11
  const m = e - p - 1;
  if (e === undefined || v > 2 * m) return p + 1 + v;
  return v % 2 ? e + (v + 1) / 2 : e - v / 2;
}

function writeChanges(changes, cells, width, down, whole) {
  if (changes.length > MAX_CHANGES) return null;
  const expectation = new Expectation(cells, width, whole);
  const out = new BitWriter();
  out.put(down, 1);
  out.put(whole, 1);
  out.put(changes.length ? changes[0] + 1 : 0, cells.toString(2).length);
  changes.forEach((change, i) => {
    const { e, p, q } = i ? expectation.of(i) : {};
    if (i) putExpGolomb(out, valueOf(change, e, p), e === undefined ? 3 : 0);
    expectation.add(change, q);
  });
  const data = out.bytes(0);
  let length = data.length;
  while (length && !data[length - 1]) length--;
  return data.slice(0, length);
}

function valueOf(change, e, p) { // M-11
  if (e === undefined) return change - p - 1;
  const d = change - e;
  const m = e - p - 1;
  return d > m ? m + d : d > 0 ? 2 * d - 1 : -2 * d;
}

function putExpGolomb(out, v, order) { // M-12
  const number = v + 2 ** order;
  const digits = number.toString(2).length;
  out.put(0, digits - order - 1);
  out.put(number, digits);
}

class RunBits {
  constructor(data) {
    this.data = data;
    this.at = 0;
    this.lastOne = 8 * data.length - 1;
    while (this.lastOne >= 0 && !bitOf(data, this.lastOne)) this.lastOne--;
  }

  take(count) {
    let value = 0;
    for (; count; count--, this.at++) value = 2 * value + (this.at < 8 * this.data.length ? bitOf(this.data, this.at) : 0);
    return value;
  }

  expGolomb(order) { // M-12
    let zeros = 0;
    while (!this.take(1)) if (++zeros > 27) malformed("more than 27 zeros in front of a change");
    return 2 ** (zeros + order) + this.take(zeros + order) - 2 ** order;
  }
}

function changesOf(cells) { // M-6
  const changes = [];
  for (let i = 0, before = 0; i < cells.length; i++) {
    if (cells[i] !== before) changes.push(i);
    before = cells[i];
  }
  return changes;
}

function filled(changes, count) {
  const cells = new Uint8Array(count);
  for (let i = 0; i < changes.length; i += 2) cells.fill(1, changes[i], changes[i + 1] ?? count);
  return cells;
}

function transposed(cells, rows, columns) {
  const out = new Uint8Array(cells.length);
  for (let y = 0; y < rows; y++) for (let x = 0; x < columns; x++) out[x * rows + y] = cells[y * columns + x];
  return out;
}

const MAX_CHANGES = 65536; // M-5
