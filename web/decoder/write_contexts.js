// The word contexts payload of a text (T-16, T-17): cut from its first character on.
//
// A reader needs it to see that a payload is the one of its text (T-2).

import { contextWords, encodeSymbol, letterTrie, wordTrie } from "./context_trie.js";
import { END, OTHER } from "./huffman_table.js";
import { RangeEncoder } from "./range_encoder.js";
import { CASE, GAP, SPELL, UPPER, isAllCapitals, isLower, isUpper, lower, lowerFirst } from "./words.js";

// `places` is that of `placesOf`.
export function contextsPayload(places) {
  const { characters, isCut, capital, spaceBefore } = places;
  const encoder = new RangeEncoder(2 ** 30, 2 ** 30);
  const history = [0];
  const put = (symbol) => encodeSymbol(encoder, wordTrie(), history, symbol);
  for (let p = 0; p < characters.length; ) {
    const start = characters[p] === " " && p !== characters.length - 1 ? p + 1 : p;
    if (spaceBefore(p, start) !== start > p) put(GAP);
    let end = nextCut(isCut, start);
    const symbols = entryOf(characters.slice(start, end).join(""), capital[p]);
    if (symbols) {
      symbols.forEach(put);
    } else {
      put(SPELL);
      end = spellingEnd(places, end, capital[p]);
      spell(encoder, characters.slice(start, end));
    }
    p = end;
  }
  put(0);
  return encoder.end();
}

function nextCut(isCut, at) {
  do at++; while (!isCut[at]);
  return at;
}

// The symbols of a text that is an entry, by the first rule of T-16 that fits; null where it is none.
function entryOf(text, capital) {
  const { numberOf } = contextWords();
  const symbols = (steer, entry) => (numberOf.has(entry) ? [...(steer ? [steer] : []), numberOf.get(entry)] : null);
  if (isLower(text[0])) return symbols(capital ? CASE : 0, text);
  const upper = isUpper(text[0]);
  return (
    (upper && capital && symbols(0, lowerFirst(text))) ||
    symbols(0, text) ||
    (upper && !capital && symbols(CASE, lowerFirst(text))) ||
    (isAllCapitals(text) && symbols(UPPER, lower(text))) ||
    null
  );
}

// A spelled item ends before a space, and before a stretch that has an entry.
function spellingEnd({ characters, isCut }, end, capital) {
  while (end < characters.length && characters[end] !== " ") {
    const next = nextCut(isCut, end);
    if (entryOf(characters.slice(end, next).join(""), capital)) break;
    end = next;
  }
  return end;
}

function spell(encoder, characters) {
  const history = [END];
  for (const c of characters) {
    const point = c.codePointAt(0);
    encodeSymbol(encoder, letterTrie(), history, point < 128 ? point : OTHER);
    if (point < 128) continue;
    encoder.put(point >> 16, (point >> 16) + 1, 32);
    encoder.put(point & 65535, (point & 65535) + 1, 65536);
  }
  encodeSymbol(encoder, letterTrie(), history, END);
}
