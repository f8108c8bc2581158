// node run_onnx_web.mjs ORT_FOLDER < job.json: paints and restores by restore_with_onnx.mjs; prints JSON with base64 pictures.
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { createRequire } from "node:module";
import { numbersOfWords, open, paint, restore } from "./restore_with_onnx.mjs";

const ort = createRequire(process.argv[2] + "/")("onnxruntime-web");
ort.env.wasm.numThreads = 1;
const job = JSON.parse(readFileSync(0, "utf8"));
const files = (paths) => Object.fromEntries(paths.map((path) => [basename(path), new Uint8Array(readFileSync(path))]));
const network = ({ graph, weights }) => open(ort, new Uint8Array(readFileSync(graph)), files(weights));
const bytes = (text) => new Uint8Array(Buffer.from(text, "base64"));

const [rows, columns] = job.grid;
const y = new Float32Array(bytes(job.y).buffer);
const reference = await paint(ort, await network(job.graphs.g_s), y, rows, columns);
const networks = { words: await network(job.graphs.words), restorer: await network(job.graphs.restorer) };
const words = numbersOfWords(readFileSync(job.words, "utf8").split("\n"));
const objects = job.objects.map(({ text, mask }) => ({ text, mask: bytes(mask) }));
const asked = { ...job, objects, reference: bytes(job.reference), seed: BigInt(job.seed) };
const restored = await restore(ort, networks, words, asked);
const told = (data) => Buffer.from(data).toString("base64");
process.stdout.write(JSON.stringify({ painted: told(reference), restored: told(restored) }));
