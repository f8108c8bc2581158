// Rules of text that both word coders share: characters, boundaries, expected spaces and capitals, items (T-6 to T-10).

import { malformed, overLimit } from "./errors.js";

export const GAP = 1, CASE = 2, UPPER = 3, SPELL = 4; // what steers, in the numbers of T-14
export const MAX_TEXT_BYTES = 4096; // T-1

export const isLower = (c) => c >= "a" && c <= "z" && c.length === 1;
export const isUpper = (c) => c >= "A" && c <= "Z" && c.length === 1;
const isLetter = (c) => isLower(c) || isUpper(c);
const isDigit = (c) => c >= "0" && c <= "9" && c.length === 1;

// ASCII only, so that no rule depends on a version of Unicode.
export const raise = (text) => text.replace(/[a-z]/g, (c) => c.toUpperCase());
export const lower = (text) => text.replace(/[A-Z]/g, (c) => c.toLowerCase());
export const lowerFirst = (text) => lower(text[0]) + text.slice(1);

// Whether an item can begin or end between two characters, undefined beyond the text (T-6).
export function isBoundary(before, after) {
  if (before === undefined || after === undefined) return true;
  return !((isLower(after) && isLetter(before)) || (isUpper(after) && isUpper(before)));
}

// T-7; `last` is undefined where nothing stands before, `quotes` counts the `"` there.
export function spaceExpected(last, quotes, first) {
  if (last === undefined || NO_SPACE_BEHIND.has(last) || NO_SPACE_BEFORE.has(first)) return false;
  if (last === '"' || first === '"') return quotes % 2 === 0;
  return !(isDigit(last) && isDigit(first));
}

// Whether a capital is expected behind `c`, where it was `before` (T-8).
export function capitalBehind(c, before) {
  return LOOKED_THROUGH.has(c) ? before : c === "." || c === "!" || c === "?";
}

// Texts with an entry in all capitals are tried without them (T-12, T-16).
export const isAllCapitals = (text) => !/[a-z]/.test(text) && /[A-Z].*[A-Z]/s.test(text);

// T-11: the code point of *other*.
export function checkCodePoint(point) {
  const surrogate = point >= 0xd800 && point <= 0xdfff;
  if (point < 128 || point > 0x10ffff || surrogate) malformed("a code point that cannot stand here");
}

// The text of a sequence of items (T-9). `source.next()` gives {steers}, {entry} or {end}; `source.spelled(most)` the
// letters of a spelled item; `source.atEnd()`, where there is one, whether the items end here.
export function readItems(source) {
  const text = new TextSoFar();
  for (let items = 0; ; items++) {
    let symbol = source.atEnd && source.atEnd() ? { end: true } : source.next();
    if (symbol.end) return items ? text.text : malformed("a payload without an item");
    const gap = symbol.steers === GAP;
    if (gap) symbol = source.next();
    const kind = symbol.steers === CASE || symbol.steers === UPPER ? symbol.steers : 0;
    if (kind) symbol = source.next();
    if (symbol.steers === SPELL && !kind) text.item(gap, source.spelled(MAX_TEXT_BYTES - text.bytes));
    else if (symbol.end || symbol.steers) malformed("an order of symbols that is no item");
    else text.item(gap, text.cased(kind, symbol.entry));
  }
}

// What T-7 and T-8 need to know of the text so far.
class TextSoFar {
  constructor() {
    this.text = "";
    this.last = undefined;
    this.quotes = 0;
    this.capital = true;
    this.bytes = 0;
  }

  item(gap, characters) {
    const first = String.fromCodePoint(characters.codePointAt(0));
    this.add(spaceExpected(this.last, this.quotes, first) !== gap ? " " + characters : characters);
  }

  cased(kind, entry) { // T-10
    if (kind === UPPER) return raise(entry);
    return this.capital !== (kind === CASE) ? raise(entry[0]) + entry.slice(1) : entry;
  }

  add(characters) {
    for (const c of characters) {
      this.last = c;
      this.quotes += c === '"';
      this.capital = capitalBehind(c, this.capital);
      const point = c.codePointAt(0);
      this.bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    }
    this.text += characters;
    if (this.bytes > MAX_TEXT_BYTES) overLimit("a text of more than 4096 bytes");
  }
}

const NO_SPACE_BEHIND = new Set("([{'#$-/ \t\n\u2013\u2014\u2018\u2019\u201c");
const NO_SPACE_BEFORE = new Set(".,;:!?)]}'%-/ \t\n\u2013\u2014\u2019\u201d\u2026");
const LOOKED_THROUGH = new Set(" \t\n\"'()[]\u2018\u2019\u201c\u201d");
