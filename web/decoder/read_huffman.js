// Word Huffman payloads (T-4, T-9, T-11): the source of symbols for `readItems`.

import { bitOf } from "./bytes.js";
import { malformed, overLimit } from "./errors.js";
import { END, OTHER, STEERING, huffmanTable, letterCodeBehind } from "./huffman_table.js";
import { checkCodePoint } from "./words.js";

export class HuffmanSource {
  constructor(payload) {
    this.payload = payload;
    this.at = 2; // behind the coder's id
    this.table = huffmanTable();
  }

  bit() {
    if (this.at >= 8 * this.payload.length) malformed("the bits end inside a code");
    return bitOf(this.payload, this.at++);
  }

  symbol({ byLength }) {
    let code = 0;
    for (let bits = 1; bits <= 24; bits++) {
      code = 2 * code + this.bit();
      const codes = byLength[bits];
      if (codes && code - codes.first < codes.symbols.length) return codes.symbols[code - codes.first];
    }
    return malformed("no symbol has that code");
  }

  // T-4: no bits are left, or fewer than 8 that are all ones.
  atEnd() {
    const bits = 8 * this.payload.length;
    if (bits - this.at >= 8) return false;
    for (let i = this.at; i < bits; i++) if (!bitOf(this.payload, i)) return false;
    return true;
  }

  next() {
    const entry = this.table.entries[this.symbol(this.table.code)];
    return STEERING[entry] ? { steers: STEERING[entry] } : { entry };
  }

  spelled(most) {
    let text = "";
    let code = 0;
    for (;;) {
      const symbol = this.symbol(this.table.letters[code]);
      if (symbol === END) return text || malformed("nothing is spelled");
      const c = String.fromCodePoint(symbol === OTHER ? this.codePoint() : symbol);
      text += c;
      code = letterCodeBehind(c);
      if (text.length > most) overLimit("a text of more than 4096 bytes");
    }
  }

  codePoint() {
    let point = 0;
    for (let i = 0; i < 21; i++) point = 2 * point + this.bit();
    checkCodePoint(point);
    return point;
  }
}
