// <sedic-img src="photo.sedic">: a picture like <img>, whose objects tell what they are under the pointer.
//
// Attributes: `src`; `alt` in place of the file's own caption; `plain` for no masks. `show(bytes)` shows a file that
// the page has. Events: `opened`, `words`, `progress`, `painted`, `pointed` (detail: the object's number or null),
// `failed`.

import { MaskOverlay } from "./mask_overlay.js";
import { loadFile } from "./resources.js";
import { shown } from "./shown_text.js";
import { Stopped, WorkerClient } from "./worker_client.js";

const client = new WorkerClient(globalThis.sedicWorkerSource); // one for all pictures of a page

export class SedicImg extends HTMLElement {
  static observedAttributes = ["src", "alt"];

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [style()];
    this.frame = root.appendChild(document.createElement("div"));
    this.frame.setAttribute("role", "img");
    this.turn = 0;
  }

  attributeChangedCallback(name) {
    if (name === "alt") this.describe();
    else if (this.src) this.load(this.src);
  }

  get src() {
    return this.getAttribute("src");
  }

  // Fetch and show the file of an address.
  async load(address) {
    const turn = ++this.turn;
    try {
      const file = await loadFile(new URL(address, document.baseURI).href);
      if (turn === this.turn) await this.show(file);
    } catch (error) {
      if (turn === this.turn) this.tell("failed", error);
    }
  }

  // Show a file's bytes: what needs no tables first, then words and masks, then what has to be painted. The answer of a
  // file that another one has replaced is dropped.
  async show(file) {
    const turn = ++this.turn;
    this.clear();
    this.file = file;
    const step = async (work, use) => {
      const result = await work();
      if (turn !== this.turn) throw new Stopped("another file");
      use(result);
    };
    try {
      await step(() => client.request("open", { file }), (opened) => this.open(opened));
      await step(() => this.askWords(file), (words) => this.setWords(words));
      if (!this.opened.avif) await step(() => this.askPicture(file), (picture) => this.setPicture(canvasOf(picture)));
    } catch (error) {
      if (turn === this.turn) this.tell("failed", error);
    }
  }

  // Restore the file that is shown, with the site's bundled network; what that adds was generated.
  async restore() {
    const turn = ++this.turn;
    try {
      this.tell("progress", { what: "loading the restorer", share: 0 });
      await client.need("words");
      await this.needPainter();
      await client.needNetwork();
      const tell = (share) => this.tell("progress", { what: "restoring", share });
      const picture = await client.request("restore", { file: this.file }, tell);
      if (turn === this.turn) this.setPicture(canvasOf(picture), "restored");
    } catch (error) {
      if (turn === this.turn) this.tell("failed", error);
    }
  }

  // End what runs, for all pictures of the page, since they share a worker: a Stop button's.
  stop() {
    this.turn++;
    client.stop();
    this.tell("failed", new Stopped("stopped"));
  }

  async askWords(file) {
    await client.need("words");
    return client.request("words", { file });
  }

  // Of a learned model; what else there is needs none.
  async needPainter() {
    if (this.opened.coder === "range") await client.need("latent", `painter-${this.opened.model}`);
  }

  async askPicture(file) {
    this.tell("progress", { what: "loading the painter", share: 0 });
    await this.needPainter();
    return client.request("paint", { file }, (share) => this.tell("progress", { what: "painting", share }));
  }

  clear() {
    this.opened = this.words = null;
    this.frame.replaceChildren();
    this.describe();
  }

  open(opened) {
    this.opened = opened;
    const { width, height } = opened.header;
    this.style.setProperty("--ratio", `${width} / ${height}`);
    this.style.setProperty("--width", `${width}px`);
    this.tell("opened", opened);
    if (opened.avif) this.setPicture(imageOf(opened.avif, (error) => this.tell("failed", error)));
  }

  // In place of the picture that was there; `kind`: reference or restored.
  setPicture(picture, kind = "reference") {
    this.frame.querySelector(".picture")?.remove();
    picture.className = `picture ${kind}`;
    this.frame.prepend(picture);
    this.tell("painted", kind);
  }

  setWords(words) {
    this.words = words;
    this.describe();
    if (!this.hasAttribute("plain") && words.masks.length) {
      this.overlay = new MaskOverlay(this.frame, this.opened.header, words, (d) => this.tell("pointed", d));
    }
    this.tell("words", words);
  }

  // Show where object d is; null for none.
  highlight(d) {
    this.overlay?.highlight(d);
  }

  describe() {
    this.frame.setAttribute("aria-label", this.getAttribute("alt") ?? shown(this.words?.texts.overall ?? ""));
  }

  tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

function imageOf(avif, failed) {
  const image = new Image();
  image.src = URL.createObjectURL(new Blob([avif], { type: "image/avif" }));
  image.onload = () => URL.revokeObjectURL(image.src);
  image.onerror = () => failed(new Error("this browser paints no picture of this frame; texts and masks are as they are"));
  image.alt = ""; // the frame says what it shows
  return image;
}

function canvasOf({ width, height, samples }) {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  canvas.getContext("2d").putImageData(new ImageData(samples, width, height), 0, 0);
  return canvas;
}

function style() {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  return sheet;
}

const STYLE = `
  :host { display: inline-block; width: min(100%, var(--width, 20em)); }
  :host([hidden]) { display: none; }
  div { position: relative; aspect-ratio: var(--ratio, 3 / 2); background: #8883; overflow: hidden; }
  .picture, .masks { position: absolute; inset: 0; width: 100%; height: 100%; }
  .masks { image-rendering: pixelated; pointer-events: none; }
  .told { position: absolute; max-width: 80%; padding: 0.2em 0.5em; border-radius: 0.3em; background: #000c; color: #fff;
    font: 0.85rem system-ui, sans-serif; pointer-events: none; overflow-wrap: anywhere; }
`;

customElements.define("sedic-img", SedicImg);
