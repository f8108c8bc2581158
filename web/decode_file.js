// The decoder as a command, for conformance/run.py: node web/decode_file.js FILE
//
// Prints the content as JSON and exits as conformance/README.md says. Tables are those of spec/tables.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { report } from "./decoder/decode.js";
import { EXIT_CODES, Refused } from "./decoder/errors.js";
import { giveProjectTables } from "./project_tables.js";

giveProjectTables(fileURLToPath(new URL("..", import.meta.url)));
try {
  process.stdout.write(JSON.stringify(report(new Uint8Array(readFileSync(process.argv[2])))) + "\n");
} catch (error) {
  if (!(error instanceof Refused)) throw error;
  process.stderr.write(error.message + "\n");
  process.stdout.write(JSON.stringify({ error: { code: error.code, path: error.path ?? "" } }) + "\n");
  process.exitCode = EXIT_CODES[error.code];
}
