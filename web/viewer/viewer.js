// The page: drop a file, and see what it says. All of it happens in the browser; nothing is sent anywhere.

import { showAllocation } from "./allocation.js";
import { TINTS } from "./mask_overlay.js";
import "./sedic_img.js";
import { shown } from "./shown_text.js";
import { Stopped } from "./worker_client.js";

const byId = (id) => document.getElementById(id);
const picture = byId("picture");

function start() {
  byId("file").onchange = ({ target }) => target.files[0] && take(target.files[0]);
  document.ondragover = (event) => event.preventDefault();
  document.ondrop = (event) => {
    event.preventDefault();
    if (event.dataTransfer.files[0]) take(event.dataTransfer.files[0]);
  };
  byId("stop").onclick = () => picture.stop();
  byId("restore").onclick = () => picture.restore();
  for (const [name, heard] of Object.entries({ opened, words, progress, painted, pointed, failed })) {
    picture.addEventListener(name, ({ detail }) => heard(detail));
  }
}

async function take(file) {
  document.title = `${file.name} - .sedic viewer`;
  byId("found").hidden = false;
  for (const id of ["facts", "bar", "parts", "objects"]) byId(id).replaceChildren();
  byId("caption").textContent = "";
  byId("kind").textContent = "";
  byId("restore").disabled = true;
  say("");
  await picture.show(new Uint8Array(await file.arrayBuffer()));
}

function opened(detail) {
  const { header, latentWidth, latentHeight, fileBytes, complete, model, extensions } = detail;
  const pixels = header.width * header.height;
  facts({
    size: `${header.width} × ${header.height} pixels`,
    file: `${fileBytes} bytes, ${((8 * fileBytes) / pixels).toFixed(4)} bits a pixel`,
    latent: `${model ?? `model ${header.model}, not known here`}, ${latentWidth} × ${latentHeight} (scale ${header.scale}/16)`,
    objects: header.objects,
    seed: header.seed,
    version: `${header.version}${extensions.length ? `, ${extensions.length} extension(s)` : ""}`,
  });
  showAllocation(byId("bar"), byId("parts"), detail);
  if (!complete) say("This file is incomplete or was changed. What can be read is shown; nothing of it was checked.");
}

function facts(named) {
  const items = Object.entries(named).flatMap(([name, value]) => [
    Object.assign(document.createElement("dt"), { textContent: name }),
    Object.assign(document.createElement("dd"), { textContent: value }),
  ]);
  byId("facts").replaceChildren(...items);
}

function words({ texts, masks }) {
  byId("caption").textContent = shown(texts.overall) || "(no caption)";
  byId("objects").replaceChildren(...texts.objects.map((text, d) => objectButton(text, d, masks[d])));
}

function objectButton(text, d, { cells }) {
  const item = document.createElement("li");
  const button = item.appendChild(document.createElement("button"));
  const share = cells.reduce((sum, cell) => sum + cell, 0) / cells.length;
  button.textContent = `${shown(text) || "(no words)"} (${Math.round(100 * share)} % of the picture)`;
  button.style.borderColor = `rgb(${TINTS[d % TINTS.length].slice(0, 3)})`;
  button.onfocus = button.onpointerenter = () => picture.highlight(d);
  button.onblur = button.onpointerleave = () => picture.highlight(null);
  return item;
}

function pointed(d) {
  document.querySelectorAll("#objects button").forEach((button, i) => button.classList.toggle("pointed", i === d));
}

function progress({ what, share }) {
  byId("restore").disabled = true;
  byId("work").hidden = false;
  byId("what").textContent = what;
  byId("share").value = share;
}

function painted(kind) {
  byId("work").hidden = true;
  byId("restore").disabled = kind === "restored" || !restorable();
  byId("kind").textContent = KINDS[picture.opened.coder === "empty" ? "none" : kind];
}

function failed(error) {
  byId("work").hidden = true;
  byId("restore").disabled = !restorable();
  if (error instanceof Stopped) return say("Stopped. Drop the file again to go on.");
  const what = picture.opened ? "Not all of it is shown" : "Not shown";
  const place = error.path ? ` (${error.path})` : "";
  return say(error.code ? `${what}: ${error.code}: ${error.message}${place}` : `${what}: ${error.message}`);
}

// Whether the bundled restorer has something to begin with: a whole file, and a picture in it.
function restorable() {
  return !!picture.opened?.complete && ["range", "av1"].includes(picture.opened.coder);
}

function say(text) {
  byId("said").textContent = text;
}

const KINDS = {
  none: "This file holds no picture, only words and places; grey stands for it.",
  reference: "The reference picture: what the latent shows, painted without a diffusion model.",
  restored: "Restored by the bundled model from the reference, the words and the masks: its fine detail was generated.",
};

start();
