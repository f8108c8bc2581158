// Tables and weights of the project's own folders, for Node.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PARTS, TABLE_DIGESTS, giveTable } from "./decoder/tables.js";

// `root`: the project's folder.
export function giveProjectTables(root) {
  const read = (path) => new Uint8Array(readFileSync(join(root, path)));
  for (const name of Object.keys(TABLE_DIGESTS)) giveTable(name, read(join("spec/tables", name)));
  for (const name of Object.keys(PARTS)) giveTable(name, read(`sedicfmt/latents/nano/${name.split(" ")[0]}.safetensors`));
}
