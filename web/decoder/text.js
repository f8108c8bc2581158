// A text's payload and back (T-1, T-2): four coders, of which a writer takes the shortest.

import { equalBytes } from "./bytes.js";
import { Refused, malformed, overLimit } from "./errors.js";
import { ContextSource } from "./read_contexts.js";
import { HuffmanSource } from "./read_huffman.js";
import { MAX_TEXT_BYTES, capitalBehind, isBoundary, readItems, spaceExpected } from "./words.js";
import { contextsPayload } from "./write_contexts.js";
import { huffmanPayload } from "./write_huffman.js";

export const textCoder = (payload) => (payload.length ? TEXT_CODERS[payload[0] >> 6] : "empty");

export function decodeText(payload) {
  if (!payload.length) return "";
  if (payload.length > MAX_TEXT_BYTES + 1) overLimit(`a payload of ${payload.length} bytes`);
  const text = readText(payload);
  if (!equalBytes(encodeText(text), payload)) malformed("the payload is not the one of its text (T-2)");
  return text;
}

// The payload of a text (T-2).
export function encodeText(text) {
  if (!text) return new Uint8Array(0);
  const places = placesOf(text);
  const raw = Uint8Array.of(0xc0, ...new TextEncoder().encode(text));
  const payloads = [huffmanPayload(places), contextsPayload(places), raw].filter((payload) => payload);
  return payloads.reduce((best, other) => (other.length < best.length ? other : best));
}

function readText(payload) {
  const coder = payload[0] >> 6;
  if (coder === 0) return readItems(new HuffmanSource(payload));
  if (coder === 1) return readItems(new ContextSource(payload));
  if (coder === 2) throw new Refused("unsupported", "text coder 2 is not known");
  if (payload[0] & 63) malformed("reserved bits are not zero");
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(payload.subarray(1));
  } catch {
    return malformed("the text is not UTF-8");
  }
}

// A text place by place, as both encoders look at it: its characters; where items can begin and end; whether a capital
// is expected; spaceBefore(p, start): whether a space is expected at place p if the item's characters begin at `start`.
function placesOf(text) {
  const characters = Array.from(text);
  const isCut = new Uint8Array(characters.length + 1);
  const quotes = [0];
  const capital = [true];
  for (let i = 0; i <= characters.length; i++) isCut[i] = isBoundary(characters[i - 1], characters[i]) ? 1 : 0;
  characters.forEach((c, i) => {
    quotes.push(quotes[i] + (c === '"' ? 1 : 0));
    capital.push(capitalBehind(c, capital[i]));
  });
  const spaceBefore = (p, start) => spaceExpected(characters[p - 1], quotes[p], characters[start]);
  return { characters, isCut, capital, spaceBefore };
}

const TEXT_CODERS = ["word-huffman", "word-contexts", "reserved", "raw-utf8"];
