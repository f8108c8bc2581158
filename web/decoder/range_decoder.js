// The range decoder (L-2), signed values (L-3), and the end of a payload (L-5).
//
// Numbers stay below 2^53, so plain numbers are exact; only + - * and floor of quotients are used where 32 bits do not
// do.

import { malformed, overLimit } from "./errors.js";

export class RangeDecoder {
  // `less` and `range` differ for word contexts only (T-17).
  constructor(payload, less = 0, range = 2 ** 32 - 1) {
    this.payload = payload;
    this.taken = 4;
    this.range = range;
    this.code = [0, 1, 2, 3].reduce((code, i) => 256 * code + (payload[i] || 0), 0) - less;
  }

  normalise() {
    while (this.range < 2 ** 24) {
      this.code = 256 * this.code + (this.payload[this.taken] || 0);
      this.taken++;
      this.range *= 256;
    }
  }

  // The symbol of a table of cumulative frequencies 0 = c_0 < ... < c_n.
  symbol(cumulative) {
    const n = cumulative.length - 1;
    const r = Math.floor(this.range / cumulative[n]);
    const t = Math.floor(this.code / r);
    if (t >= cumulative[n]) malformed("no symbol has that code");
    let low = 0;
    let high = n;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (cumulative[middle] <= t) low = middle;
      else high = middle;
    }
    this.narrow(r * cumulative[low], r * (cumulative[low + 1] - cumulative[low]));
    return low;
  }

  // One of n equally frequent symbols.
  uniform(n) {
    const r = Math.floor(this.range / n);
    const t = Math.floor(this.code / r);
    if (t >= n) malformed("no symbol has that code");
    this.narrow(r * t, r);
    return t;
  }

  narrow(from, range) {
    this.code -= from;
    this.range = range;
    this.normalise();
  }

  // L-3, with a table of `signedTables`.
  signed({ cumulative, most }) {
    const symbol = this.symbol(cumulative);
    if (symbol <= 2 * most) return symbol - most;
    const negative = this.symbol(ONE_BIT);
    let digits = 0;
    while (!this.symbol(ONE_BIT)) if (++digits > 14) overLimit("a value over 32767");
    let value = 1;
    for (; digits; digits--) value = 2 * value + this.symbol(ONE_BIT);
    if (value + most > 32767) overLimit("a value over 32767");
    return negative ? -(value + most) : value + most;
  }

  // L-5, what it comes to for a reader: the payload is the one that a writer makes of the values.
  end() {
    const length = this.payload.length;
    if (length > this.taken) malformed("the payload has bytes that are not read");
    if (!length) return; // its code is 0
    const last = this.payload[length - 1];
    const unit = 256 ** (this.taken - length);
    if (!last || this.code >= unit || (256 - last) * unit + this.code < this.range) {
      malformed("the payload is not the one that a writer makes of its values");
    }
  }
}

// The tables of a file with a line of frequencies each: {cumulative, most}, `most` being the K of L-3.
export function signedTables(text) {
  return text.trim().split("\n").map((line) => {
    const frequencies = line.trim().split(/\s+/).map(Number);
    const cumulative = new Float64Array(frequencies.length + 1);
    frequencies.forEach((frequency, i) => (cumulative[i + 1] = cumulative[i] + frequency));
    return { cumulative, most: (frequencies.length - 2) / 2 };
  });
}

const ONE_BIT = [0, 32768, 65536];
