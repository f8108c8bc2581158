// The tables and weights that the specification names, given by whoever runs the decoder: from disk, or a
// page.
//
// Nothing is decoded by bytes that do not have the digest of the specification; it is looked at once a table.

import { sha256 } from "./sha256.js";

const given = new Map();
const checked = new Set();

// `bytes`: a Uint8Array, name as in R-3 ("text_words.txt") or R-5 ("sedic-nano-2 entropy").
export function giveTable(name, bytes) {
  given.set(name, bytes);
  checked.delete(name);
}

export const hasTable = (name) => given.has(name);

// The bytes of a table. Throws an Error where it was not given or is not the specification's.
export function table(name) {
  const bytes = given.get(name);
  if (!bytes) throw new Error(`the table ${name} was not given`);
  if (!checked.has(name) && (TABLE_DIGESTS[name] || PARTS[name].sha256) !== digestOf(name, bytes)) {
    throw new Error(`${name} is not the table of the specification (R-3, R-5): its SHA-256 differs`);
  }
  checked.add(name);
  return bytes;
}

export const tableText = (name) => new TextDecoder().decode(table(name));

// The tensors of a safetensors file: name -> {dtype, bytes}; the file begins with the length of its head, which is
// JSON.
export function tensors(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const begin = 8 + view.getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(8, begin)));
  const found = {};
  for (const [name, { dtype, data_offsets: [from, to] = [] }] of Object.entries(head)) {
    if (name !== "__metadata__") found[name] = { dtype, bytes: bytes.slice(begin + from, begin + to) };
  }
  return found;
}

function digestOf(name, bytes) {
  return name in TABLE_DIGESTS ? sha256(bytes) : partDigest(tensors(bytes), PARTS[name].prefixes);
}

// over the part's tensors by name; each is the name, a zero byte and the tensor's bytes.
function partDigest(found, prefixes) {
  const all = [];
  for (const name of Object.keys(found).sort()) {
    if (prefixes.some((prefix) => name.startsWith(prefix))) all.push(new TextEncoder().encode(`${name}\0`), found[name].bytes);
  }
  const joined = new Uint8Array(all.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of all) {
    joined.set(part, at);
    at += part.length;
  }
  return sha256(joined);
}

export const TABLE_DIGESTS = {
  "text_words.txt": "2c6e545aef783823b026af402d73c3e514b41cf33e159e21aff97dc4ed15b634",
  "context_words.txt": "a16cd32e0c7c2df608448a09f6bf90a60b4597b4f309d2c53c29b33369ec5cd0",
  "context_words.trie": "f82bd6e0f410eca6458cc95ba67e5536e806b9fb76b8821654e646f2535b3d71",
  "context_letters.trie": "0c0b6d14ba202d9f265d4dace236d5f645b298509578516a509a55e5bf9e2dcd",
  "mask_contexts.txt": "a046f41bb448630e873ba4aad0e66c836d8a8ecc2c80d2be8b072ffeea217658",
  "gaussian_frequencies.txt": "6fd4a24333c3a55f0acea305fda539672433ad254e359df97ac70c06d7e39eff",
  "shifted_gaussian_frequencies.txt": "71dd8dbd82428907429e229a6fdc013fee95ed877a29fee50e1a448dc515381a",
};

// The parts of R-5; any safetensors file that has their tensors will do.
export const PARTS = {
  "sedic-nano-2 entropy": {
    prefixes: ["h_s.", "prior_z."],
    sha256: "e9efb74ccec56e6a2872e8d762c1fcc364d8160c822e031dc73057aa789901f2",
  },
  "sedic-nano-2 painter": {
    prefixes: ["g_s."],
    sha256: "64e1de3550519d009943dec49f5e3f1a72ef6da76b4ad71ac343cd3925e3f06c",
  },
  "sedic-nano-3 entropy": {
    prefixes: ["h_s.", "prior_z."],
    sha256: "5f0c834978135225971cece6f1175f55f70bea53fa02a0d4c08c7f5c1e76da2f",
  },
  "sedic-nano-3 painter": {
    prefixes: ["g_s."],
    sha256: "92a4e10263f41b9d301f7904daba9236bae0eb77d18da0125d91ab9dc110e5a9",
  },
};
