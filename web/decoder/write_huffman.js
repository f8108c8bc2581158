// The word Huffman payload of a text (T-12): the cheapest items, found from the last boundary to the first.
//
// A reader needs it to see that a payload is the one of its text (T-2).

import { BitWriter } from "./bytes.js";
import { END, OTHER, huffmanTable, letterCodeBehind } from "./huffman_table.js";
import { CASE, GAP, SPELL, UPPER, isAllCapitals, isLower, isUpper, lower, lowerFirst } from "./words.js";

// The payload, or null where a character of the text has no code. `places` is that of `placesOf`.
export function huffmanPayload(places) {
  const { items, spelling, cost } = cheapest(places);
  return Number.isFinite(cost) ? write(places, items, spelling) : null;
}

// The best item at each boundary, and at each place inside a spelled item whether that ends there.
function cheapest(places) {
  const { characters, isCut } = places;
  const n = characters.length;
  const costs = new Float64Array(n + 1).fill(Infinity);
  const spelledCosts = new Float64Array(n + 2).fill(Infinity); // from there on, inside an item that has begun
  const items = new Array(n);
  const ends = new Uint8Array(n + 1);
  costs[n] = 0;
  for (let p = n; p >= 0; p--) {
    if (p < n && isCut[p]) [costs[p], items[p]] = bestItem(places, p, costs, spelledCosts);
    if (!p) continue;
    const code = letterCodeBehind(characters[p - 1]);
    const stop = isCut[p] ? letterBits(code, END) + costs[p] : Infinity;
    const on = p < n ? characterBits(code, characters[p]) + spelledCosts[p + 1] : Infinity;
    ends[p] = on < stop ? 0 : 1; // T-12, 4
    spelledCosts[p] = Math.min(on, stop);
  }
  return { items, spelling: ends, cost: costs[0] };
}

// [its sum, {start, gap, steer, entry, end}] of the item at place p, in the order of trial of T-12; without an entry it
// is spelled.
function bestItem({ characters, isCut, capital, spaceBefore }, p, costs, spelledCosts) {
  const { code, numberOf, steers, longest } = huffmanTable();
  const n = characters.length;
  let best = [Infinity, undefined];
  const offer = (bits, item) => {
    if (bits < best[0]) best = [bits, item];
  };
  for (const start of characters[p] === " " && p !== n - 1 ? [p + 1, p] : [p]) {
    const gap = spaceBefore(p, start) !== start > p;
    const gapBits = gap ? code.lengths[steers[GAP]] : 0;
    let text = "";
    for (let end = start + 1; end <= n; end++) {
      text += characters[end - 1];
      if (text.length > longest) break;
      if (!isCut[end]) continue;
      for (const [steer, entry] of entriesOf(text, capital[p], numberOf)) {
        const steerBits = steer ? code.lengths[steers[steer]] : 0;
        offer(gapBits + steerBits + code.lengths[entry] + costs[end], { start, gap, steer, entry, end });
      }
    }
    const spelled = code.lengths[steers[SPELL]] + characterBits(0, characters[start]) + spelledCosts[start + 1];
    offer(gapBits + spelled, { start, gap });
  }
  return best;
}

// T-12, 3: [what steers, entry] of all that give the text.
function entriesOf(text, capital, numberOf) {
  const found = [];
  const add = (steer, entry) => numberOf.has(entry) && found.push([steer, numberOf.get(entry)]);
  add(capital && isLower(text[0]) ? CASE : 0, text);
  if (!isUpper(text[0])) return found;
  add(capital ? 0 : CASE, lowerFirst(text));
  if (isAllCapitals(text)) add(UPPER, lower(text));
  return found;
}

function letterBits(code, symbol) {
  return huffmanTable().letters[code].lengths[symbol] || Infinity;
}

function characterBits(code, character) {
  const point = character.codePointAt(0);
  return point < 128 ? letterBits(code, point) : letterBits(code, OTHER) + 21;
}

function write({ characters }, items, ends) {
  const { code, letters, steers } = huffmanTable();
  const out = new BitWriter();
  const put = ({ codes, lengths }, symbol) => out.put(codes[symbol], lengths[symbol]);
  out.put(0, 2);
  for (let p = 0; p < characters.length; ) {
    const { start, gap, steer, entry, end } = items[p];
    if (gap) put(code, steers[GAP]);
    if (steer) put(code, steers[steer]);
    put(code, entry === undefined ? steers[SPELL] : entry);
    p = entry === undefined ? spell(start) : end;
  }
  return out.bytes(1); // T-4

  function spell(at) {
    let letterCode = 0;
    do {
      const point = characters[at].codePointAt(0);
      put(letters[letterCode], point < 128 ? point : OTHER);
      if (point >= 128) out.put(point, 21);
      letterCode = letterCodeBehind(characters[at++]);
    } while (!ends[at]);
    put(letters[letterCode], END);
    return at;
  }
}
