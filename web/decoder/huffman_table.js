// Canonical Huffman codes (T-3) and the table of words and letters (T-5).

import { once } from "./bytes.js";
import { tableText } from "./tables.js";
import { CASE, GAP, SPELL, UPPER, isLower, isUpper } from "./words.js";

export const END = 128, OTHER = 129; // of the letter codes

// {lengths, codes, byLength}: byLength[n] = {first, symbols}, the codes of n bits being first, first + 1, ...
export function canonicalCode(lengths) {
  const order = [...lengths.keys()].filter((s) => lengths[s]).sort((a, b) => lengths[a] - lengths[b] || a - b);
  const codes = new Array(lengths.length);
  const byLength = [];
  let code = -1;
  let bits = lengths[order[0]];
  for (const symbol of order) {
    code = (code + 1) * 2 ** (lengths[symbol] - bits);
    bits = lengths[symbol];
    codes[symbol] = code;
    (byLength[bits] = byLength[bits] || { first: code, symbols: [] }).symbols.push(symbol);
  }
  return { lengths, codes, byLength };
}

// {entries, code, letters, numberOf, steers, longest}: `steers[GAP]` is the symbol of {gap}, and so on.
export const huffmanTable = once(() => {
  const entries = [];
  const lengths = [];
  const letters = [];
  for (const line of tableText("text_words.txt").split("\n")) {
    if (!line || line[0] === "#") continue;
    const [head, ...parts] = line.split("\t");
    if (head === "letters") {
      letters[Number(parts[0])] = canonicalCode(parts[1].split(" ").map(Number));
    } else {
      for (const entry of parts) {
        entries.push(entry);
        lengths.push(Number(head));
      }
    }
  }
  const steers = [];
  const numberOf = new Map();
  entries.forEach((entry, i) => (STEERING[entry] ? (steers[STEERING[entry]] = i) : numberOf.set(entry, i)));
  const longest = Math.max(...Array.from(numberOf.keys(), (entry) => entry.length));
  return { entries, code: canonicalCode(lengths), letters, numberOf, steers, longest };
});

// Which letter code follows a spelled character (T-11).
export const letterCodeBehind = (c) => (isLower(c) ? 1 : isUpper(c) ? 2 : 0);

export const STEERING = { "{gap}": GAP, "{case}": CASE, "{upper}": UPPER, "{spell}": SPELL };
