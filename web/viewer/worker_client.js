// The page's side of the worker. It starts from a Blob, for a page from disk may not start one from a file.

import { Refused } from "../decoder/errors.js";
import { loadResource } from "./resources.js";

export class Stopped extends Error {}

export class WorkerClient {
  // `source`: the script that the worker runs.
  constructor(source) {
    this.source = source;
    this.pending = new Map();
    this.given = new Set();
    this.count = 0;
  }

  // Tables by the names of the resources that have them: "words", "latent", or "painter-" and a model's name.
  async need(...names) {
    for (const name of names) {
      const tables = await loadResource(name);
      if (this.given.has(name)) continue;
      this.given.add(name);
      await this.request("tables", { tables });
    }
  }

  // The restorer and the runtime that it needs.
  async needNetwork() {
    const [runtime, restorer] = [await loadResource("runtime"), await loadResource("restorer")];
    await this.request("network", { runtime, restorer });
  }

  // The task's result; `progress(share)` is called on the way. Rejects with Refused, Stopped, or an Error.
  request(task, request, progress) {
    if (!this.worker) this.start();
    const id = ++this.count;
    return new Promise((resolve, reject) => {
      this.pending.set(id, { resolve, reject, progress });
      this.worker.postMessage({ id, task, ...request });
    });
  }

  // Whatever runs ends at once; what is asked for next begins anew.
  stop() {
    this.worker?.terminate();
    this.worker = null;
    this.given.clear();
    for (const { reject } of this.pending.values()) reject(new Stopped("stopped"));
    this.pending.clear();
  }

  start() {
    const address = URL.createObjectURL(new Blob([this.source], { type: "text/javascript" }));
    this.worker = new Worker(address);
    this.worker.onmessage = ({ data }) => this.answered(data);
    URL.revokeObjectURL(address);
  }

  answered({ id, result, failed, progress }) {
    const { resolve, reject, progress: tell } = this.pending.get(id);
    if (progress !== undefined) return tell?.(progress);
    this.pending.delete(id);
    if (!failed) return resolve(result);
    return reject(failed.code === "error" ? new Error(failed.message) : new Refused(failed.code, failed.message, failed.path));
  }
}
