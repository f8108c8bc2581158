// Masks over a picture: the object under the pointer is tinted, and its text told beside the pointer.

import { shown } from "./shown_text.js";

export class MaskOverlay {
  // `frame`: the element that holds the picture; `pointed(d)` hears which object is under the pointer, null for none.
  constructor(frame, { width, height }, { texts, masks }, pointed) {
    Object.assign(this, { frame, width, height, texts, masks, pointed, current: null });
    this.areas = masks.map(({ cells, scale }) => cells.reduce((sum, cell) => sum + cell, 0) * scale ** 2);
    this.canvas = frame.appendChild(Object.assign(document.createElement("canvas"), { className: "masks" }));
    this.told = frame.appendChild(Object.assign(document.createElement("span"), { className: "told", hidden: true }));
    frame.onpointermove = (event) => this.moved(event);
    frame.onpointerleave = () => this.point(null);
  }

  moved({ clientX, clientY }) {
    const { left, top, width, height } = this.frame.getBoundingClientRect();
    const [x, y] = [(clientX - left) / width, (clientY - top) / height];
    this.point(this.objectAt(Math.floor(x * this.width), Math.floor(y * this.height)));
    this.told.style.left = `${Math.min(x, 0.6) * 100}%`;
    this.told.style.top = `${Math.min(y, 0.85) * 100 + 3}%`;
  }

  // The smallest of the objects at a pixel, or null.
  objectAt(x, y) {
    const found = this.masks.map((_, d) => d).filter((d) => {
      const { cells, columns, rows, scale } = this.masks[d];
      const [row, column] = [Math.floor(y / scale), Math.floor(x / scale)];
      return row >= 0 && column >= 0 && row < rows && column < columns && cells[row * columns + column];
    });
    return found.length ? found.reduce((best, d) => (this.areas[d] < this.areas[best] ? d : best)) : null;
  }

  point(d) {
    if (d === this.current) return;
    this.highlight(d);
    this.told.hidden = d === null;
    this.told.textContent = d === null ? "" : shown(this.texts.objects[d]);
    this.pointed(d);
  }

  // Tint the cells of object d; none for null.
  highlight(d) {
    this.current = d;
    const pen = this.canvas.getContext("2d");
    pen.clearRect(0, 0, this.canvas.width, this.canvas.height);
    if (d === null) return;
    const { cells, rows, columns, scale } = this.masks[d];
    Object.assign(this.canvas, { width: columns, height: rows });
    // cells at the border stand for the pixels that exist (M-3)
    this.canvas.style.width = `${(columns * scale * 100) / this.width}%`;
    this.canvas.style.height = `${(rows * scale * 100) / this.height}%`;
    const picture = new ImageData(columns, rows);
    cells.forEach((cell, i) => picture.data.set(cell ? TINTS[d % TINTS.length] : [0, 0, 0, 90], 4 * i));
    pen.putImageData(picture, 0, 0);
  }
}

export const TINTS = [[255, 190, 0, 110], [0, 190, 255, 110], [255, 80, 160, 110], [90, 220, 90, 110]];
