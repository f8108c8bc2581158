// node read_with_kaitai.js SEDIC.KSY: compiles the description, then reads a JSON list of files (in hexadecimal) from standard
// input and prints a JSON list of what each is made of, or {"refused": reason}. Every other error ends the program.
const fs = require("fs");
const YAML = require("yaml");
const compiler = require("kaitai-struct-compiler");
const KaitaiStream = require("kaitai-struct/KaitaiStream");

function load(code) {
  const module = { exports: {} };
  new Function("module", "exports", "require", code)(module, module.exports, require);
  return module.exports.Sedic;
}

function partsOf(Sedic, hex) {
  const file = new Sedic(new KaitaiStream(new Uint8Array(Buffer.from(hex, "hex")).buffer));
  return {
    version: file.version,
    width: file.width,
    height: file.height,
    objects: file.numObjects,
    model: file.modelId,
    latent_scale: file.latentScale,
    seed: file.seed,
    segments: file.segments.map((s) => ({
      kind: Sedic.Kind[s.kind].toLowerCase().replace("_", "."),
      object: s.object ?? null,
      offset: s.offset,
      bytes: s.numBytes,
      payload: Buffer.from(s.payload).toString("hex"),
    })),
    extensions: (file.extensions ?? []).map((e) => ({ type: e.type, critical: e.critical, bytes: e.payload.length })),
    check: file.check,
  };
}

function answer(Sedic, hex) {
  try {
    return partsOf(Sedic, hex);
  } catch (error) {
    // RangeError: the last segment would have to begin behind the check
    const expected = error.name === "EOFError" || error.name.startsWith("Validation") || error instanceof RangeError;
    if (expected) return { refused: `${error.name}: ${error.message}` };
    throw error;
  }
}

async function main() {
  const compiled = await compiler.compile("javascript", YAML.parse(fs.readFileSync(process.argv[2], "utf8")), null, false);
  const Sedic = load(compiled["Sedic.js"]);
  const files = JSON.parse(fs.readFileSync(0, "utf8"));
  process.stdout.write(JSON.stringify(files.map((hex) => answer(Sedic, hex))));
}

main();
