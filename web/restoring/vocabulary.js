// The bundled restorer's words: a text -> numbers of the words of `context_words.txt` (T-14), in its order.

import { once } from "../decoder/bytes.js";
import { tableText } from "../decoder/tables.js";

export const PLACES = 64; // words of a text that the network reads

// BigInt64Array of PLACES numbers: 0 fills up, 1 stands for any other word.
export function numbersOfWords(text) {
  const numbers = new BigInt64Array(PLACES);
  const words = text.match(WORDS) || [];
  words.slice(0, PLACES).forEach((word, i) => (numbers[i] = BigInt(numberOf().get(word.toLowerCase()) ?? 1)));
  return numbers;
}

const numberOf = once(() => {
  const words = tableText("context_words.txt").split("\n").filter((line) => WHOLE.test(line));
  return new Map(words.map((word, i) => [word, i + 2]));
});

const WORDS = /[\p{L}\p{N}]+/gu;
const WHOLE = /^[\p{L}\p{N}]+$/u;
