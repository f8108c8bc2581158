// Many files in one process, for tests: paths on standard input, a line each; a line of JSON each on standard output,
// which is the content or {"error": {code, path}}.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { report } from "./decoder/decode.js";
import { Refused } from "./decoder/errors.js";
import { giveProjectTables } from "./project_tables.js";

giveProjectTables(fileURLToPath(new URL("..", import.meta.url)));
for (const path of readFileSync(0, "utf8").split("\n").filter((line) => line)) {
  console.log(JSON.stringify(answer(new Uint8Array(readFileSync(path)))));
}

function answer(file) {
  try {
    return report(file);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { error: { code: error.code, path: error.path ?? "" } };
  }
}
