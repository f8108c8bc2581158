// Word contexts payloads (T-17): the source of symbols for `readItems`.

import { FIRST_ENTRY, contextWords, decodeSymbol, letterTrie, wordTrie } from "./context_trie.js";
import { malformed, overLimit } from "./errors.js";
import { END, OTHER } from "./huffman_table.js";
import { RangeDecoder } from "./range_decoder.js";
import { checkCodePoint } from "./words.js";

export class ContextSource {
  constructor(payload) {
    this.decoder = new RangeDecoder(payload, 2 ** 30, 2 ** 30);
    this.history = [0]; // end
  }

  next() {
    const symbol = decodeSymbol(this.decoder, wordTrie(), this.history);
    if (!symbol) return { end: true };
    return symbol < FIRST_ENTRY ? { steers: symbol } : { entry: contextWords().list[symbol - FIRST_ENTRY] };
  }

  spelled(most) {
    const history = [END];
    let text = "";
    for (;;) {
      let point = decodeSymbol(this.decoder, letterTrie(), history);
      if (point === END) return text || malformed("nothing is spelled");
      if (point === OTHER) {
        point = this.decoder.uniform(32) * 65536 + this.decoder.uniform(65536);
        checkCodePoint(point);
      }
      text += String.fromCodePoint(point);
      if (text.length > most) overLimit("a text of more than 4096 bytes");
    }
  }
}
