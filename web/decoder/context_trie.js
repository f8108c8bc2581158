// A symbol by its context (T-14, T-15): lists of what follows what, the longest context first, with an escape to the
// next.

import { once } from "./bytes.js";
import { table, tableText } from "./tables.js";

export const wordTrie = once(() => readTrie("context_words.trie"));
export const letterTrie = once(() => readTrie("context_letters.trie"));

// {list, numberOf}: the entries of the word alphabet behind its five steering symbols.
export const contextWords = once(() => {
  const list = tableText("context_words.txt").split("\n").slice(0, -1);
  return { list, numberOf: new Map(list.map((entry, i) => [entry, i + FIRST_ENTRY])) };
});

export function decodeSymbol(decoder, trie, history) {
  for (const { symbols, cumulative } of tablesOf(trie, history)) {
    const found = decoder.symbol(cumulative);
    if (found < symbols.length) {
      history.push(symbols[found]);
      return symbols[found];
    }
  }
  throw new Error("the root of a trie has all symbols");
}

export function encodeSymbol(encoder, trie, history, symbol) {
  for (const { symbols, cumulative } of tablesOf(trie, history)) {
    const found = symbols.indexOf(symbol);
    const at = found < 0 ? symbols.length : found;
    encoder.put(cumulative[at], cumulative[at + 1], cumulative[cumulative.length - 1]);
    if (found >= 0) break;
  }
  history.push(symbol);
}

// T-15: {symbols, cumulative} of each context that there is, the longest first. Behind the symbols stands the escape,
// but not in the root's.
function* tablesOf(trie, history) {
  let before = null;
  for (let k = Math.min(trie.length - 1, history.length); k >= 0; k--) {
    const list = listOf(trie, history.slice(history.length - k));
    if (!list) continue;
    yield tableOf(list, before, k > 0);
    before = list;
  }
}

// The list that a context leads to, {level, from, to}, or null.
function listOf(trie, context) {
  let list = { level: trie[0], from: 0, to: trie[0].symbols.length };
  for (let d = 0; d < context.length; d++) {
    const at = placeOf(list, context[d]);
    if (at < 0) return null;
    const { first } = list.level;
    list = { level: trie[d + 1], from: first[at], to: first[at + 1] };
    if (list.from === list.to) return null;
  }
  return list;
}

function placeOf({ level: { symbols }, from, to }, symbol) {
  const end = to;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (symbols[middle] < symbol) from = middle + 1;
    else to = middle;
  }
  return from < end && symbols[from] === symbol ? from : -1;
}

function tableOf(list, before, escapes) {
  const symbols = [];
  const cumulative = [0];
  let sum = 0;
  let whole = 0;
  let at = before ? before.from : 0;
  for (let i = list.from; i < list.to; i++) {
    const symbol = list.level.symbols[i];
    const frequency = list.level.frequencies[i];
    whole += frequency;
    if (before) {
      while (at < before.to && before.level.symbols[at] < symbol) at++;
      if (at < before.to && before.level.symbols[at] === symbol) continue; // was in the list tried just before
    }
    symbols.push(symbol);
    cumulative.push((sum += frequency));
  }
  if (escapes) cumulative.push(sum + 65536 - whole);
  return { symbols, cumulative };
}

// T-14: one {symbols, frequencies, first} for each level of lists.
function readTrie(name) {
  const bytes = table(name);
  let at = 0;
  const take = (Kind, count) => {
    const end = at + count * Kind.BYTES_PER_ELEMENT;
    const values = new Kind(bytes.slice(at, end).buffer);
    at = end;
    return values;
  };
  const [depth] = take(Uint32Array, 1);
  const counts = take(Uint32Array, depth);
  const levels = Array.from(counts, (n) => ({ symbols: take(Uint16Array, n), frequencies: take(Uint16Array, n) }));
  for (let d = 0; d + 1 < depth; d++) levels[d].first = take(Uint32Array, counts[d] + 1);
  return levels;
}

export const FIRST_ENTRY = 5;
