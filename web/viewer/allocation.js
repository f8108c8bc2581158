// Where a file's bytes go: a bar, and the same as a table for those who do not see it.

// [{what, bytes, kind, note}] of a file's parts in its order; `opened` is the worker's answer to "open".
export function partsOf({ headerBytes, fileBytes, complete, segments, extensions }) {
  const parts = segments.map(({ kind, path, bytes, coder }) => part(nameOf(kind, path), bytes, kind.split(".")[0], coder));
  parts.unshift(part("header", headerBytes, "frame"));
  const rest = fileBytes - parts.reduce((sum, { bytes }) => sum + bytes, 0);
  if (!complete) return [...parts, ...(rest ? [part("what is not whole yet", rest, "frame")] : [])];
  if (extensions.length) parts.push(part("extensions", rest - CHECK_BYTES, "frame"));
  return [...parts, part("check", CHECK_BYTES, "frame")];
}

// Fill `bar` and the table's `body` with a file's parts.
export function showAllocation(bar, body, opened) {
  const parts = partsOf(opened);
  const pixels = opened.header.width * opened.header.height;
  bar.replaceChildren(...parts.map((part) => slice(part, opened.fileBytes)));
  body.replaceChildren(...parts.map((part) => row(part, opened.fileBytes, pixels)));
}

const part = (what, bytes, kind, note = "") => ({ what, bytes, kind, note });

function nameOf(kind, path) {
  const names = { "latent.z": "latent z", "latent.y": "latent y", "text.overall": "caption" };
  const number = Number(path.match(/\d+/)?.[0]) + 1;
  return names[kind] || `${kind === "mask" ? "mask" : "words"} of object ${number}`;
}

function slice({ what, bytes, kind }, all) {
  const element = document.createElement("span");
  element.className = `slice ${kind}`;
  element.style.flexGrow = bytes;
  element.title = `${what}: ${bytes} bytes`;
  element.textContent = bytes / all > 0.12 ? what : "";
  return element;
}

function row({ what, bytes, kind, note }, all, pixels) {
  const element = document.createElement("tr");
  const cells = [what, bytes, `${((100 * bytes) / all).toFixed(1)} %`, ((8 * bytes) / pixels).toFixed(5), note];
  element.append(...cells.map((text, i) => Object.assign(document.createElement(i ? "td" : "th"), { textContent: text })));
  element.firstChild.scope = "row";
  element.firstChild.className = `key ${kind}`;
  return element;
}

const CHECK_BYTES = 2;
