// Tables and weights as scripts, for a script is all that a page from disk may load: `sedicResource(NAME, {table: text,
// ...})`.
//
// A table is deflated and in base64. It goes to the worker as it is; the digests of the specification are checked
// there.

import { Refused } from "../decoder/errors.js";

const base = document.currentScript ? document.currentScript.src : location.href;
const waiting = new Map(); // by the script's address
const loaded = new Map();

globalThis.sedicResource = (name, content) => waiting.get(document.currentScript.src)?.(content);

// The content of SITE/data/NAME.js.
export const loadResource = (name) => loadScript(new URL(`data/${name}.js`, base).href);

// The bytes of a file; those of a page from disk must have been written as a script beside it (FILE.js).
export async function loadFile(address) {
  if (new URL(address).protocol === "file:") {
    const { file } = await loadScript(`${address}.js`);
    return Uint8Array.from(atob(file), (c) => c.charCodeAt(0));
  }
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address}: ${answer.status} ${answer.statusText}`);
  const length = Number(answer.headers.get("content-length"));
  if (length > MAX_FILE_BYTES) throw new Refused("limit", `a file of ${length} bytes`, "");
  return new Uint8Array(await answer.arrayBuffer());
}

// What the script at an address gives; it is loaded once.
function loadScript(address) {
  if (!loaded.has(address)) loaded.set(address, newScript(address));
  return loaded.get(address);
}

function newScript(address) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    waiting.set(address, resolve);
    script.src = address;
    script.onload = () => script.remove();
    script.onerror = () => {
      loaded.delete(address); // so that it can be tried again
      script.remove();
      reject(new Error(`${address} could not be loaded`));
    };
    document.head.append(script);
  });
}

const MAX_FILE_BYTES = 4194304; // C-1
