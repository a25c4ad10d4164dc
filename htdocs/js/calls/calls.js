// The door to calls and live typing. It is all that a page without them loads: the rest comes when
// somebody calls, is called, or wants live typing.

import { byId } from "../../functions.js";
import { preference } from "../preferences.js";

/** What is remembered of those who have said hello before the rest is loaded. */
export class Calls {
  #room;
  #mesh = null;

  constructor(room) {
    this.#room = room;
    byId("call-button").addEventListener("click", async () => (await this.#loaded()).callButton());
  }

  /** The mesh, loaded once. */
  #loaded() {
    this.#mesh ??= import("./mesh.js").then(
      ({ Mesh }) => (this.ready = new Mesh(this.#room)),
      (error) => {
        // The network may have failed; the next signal or click tries again.
        this.#mesh = null;
        throw error;
      },
    );
    return this.#mesh;
  }

  /** The server let us in, for the first time or again. */
  async welcomed() {
    if (this.#mesh || preference("liveTyping")) (await this.#loaded()).welcomed();
  }

  joined(name) {
    this.ready?.joined(name);
  }

  left(name) {
    this.ready?.left(name);
  }

  renamed(from, to) {
    this.ready?.renamed(from, to);
  }

  async signaled(from, data) {
    // In the order they came: the promise of one module keeps it.
    (await this.#loaded()).signaled(from, data);
  }

  /** Sends what is being typed over the data channels; the names of those it reached. */
  tellLive(words) {
    return this.ready?.tellLive(words) ?? new Set();
  }

  async updateLive() {
    if (this.#mesh || preference("liveTyping")) (await this.#loaded()).update();
  }
}
