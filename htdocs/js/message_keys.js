// The messages by keyboard: Alt+Up goes from writing to them; there arrows move, Enter opens what can be done
// with one, Escape goes back.

import { byId } from "../functions.js";

export class MessageKeys {
  #room;
  #log = byId("log");

  constructor(room) {
    this.#room = room;
    byId("composer").addEventListener("keydown", (event) => {
      if (event.key !== "ArrowUp" || !event.altKey) return;
      event.preventDefault();
      this.#entries().at(-1)?.focus();
    });
    this.#log.addEventListener("keydown", (event) => this.#key(event));
  }

  #entries() {
    return [...this.#log.querySelectorAll(".entry:not([hidden])")];
  }

  #key(event) {
    if (!event.target.matches(".entry")) return;
    const { key, target } = event;
    if (key === "Enter") target.querySelector(".when")?.click();
    else if (key === "Escape") this.#room.composer.focus();
    else if (key === "ArrowUp" || key === "ArrowDown") {
      const entries = this.#entries();
      entries[entries.indexOf(target) + (key === "ArrowUp" ? -1 : 1)]?.focus();
    } else return;
    event.preventDefault();
  }
}
