// Who is in the room: told once by the welcome, then by what changes.

import { byId, element, icon, initial } from "../functions.js";
import { isIgnored } from "./preferences.js";
import { nameColor } from "./colors.js";
import { language, text } from "./texts.js";

/** People drawn at once; beyond that the search field finds the others. */
const MAX_SHOWN = 300;
/** From this many on there is a search field. */
const SEARCH_FROM = 12;

export class Members {
  #people = new Map();
  #room;
  #scheduled = false;
  #list = byId("people-list");
  #search = byId("people-search");

  /** `room` gives `you`, `background`, `openPerson(name, button)` and `callers` (a Set of names). */
  constructor(room) {
    this.#room = room;
    this.#search.addEventListener("input", () => this.draw());
  }

  reset(list) {
    this.#people = new Map(list.map((person) => [person.name, person]));
    this.draw();
  }

  /** Applies a record that happened live. */
  apply(record) {
    const { type, from, to } = record;
    if (type === "join") this.#people.set(from, { name: from, color: record.color, account: record.account });
    else if (type === "quit") this.#people.delete(from);
    else if (type === "color") this.#people.set(from, { ...this.#people.get(from), name: from, color: record.color });
    else if (type === "nick") {
      const person = this.#people.get(from);
      this.#people.delete(from);
      this.#people.set(to, { ...person, name: to });
    } else return;
    this.draw();
  }

  get count() {
    return this.#people.size;
  }

  get(name) {
    return this.#people.get(name);
  }

  has(name) {
    return this.#people.has(name);
  }

  names() {
    return [...this.#people.keys()];
  }

  /** One drawing per frame, however many come and go. */
  draw() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setTimeout(() => {
      this.#scheduled = false;
      this.#drawNow();
    }, 50);
  }

  #drawNow() {
    byId("people-count").textContent = String(this.count);
    byId("people-title").textContent = text("membersCount", { count: this.count });
    byId("people-filter").hidden = this.count < SEARCH_FROM && !this.#search.value;
    const wanted = this.#search.value.toLocaleLowerCase();
    const order = new Intl.Collator(language, { numeric: true, sensitivity: "base" });
    const found = [...this.#people.values()]
      .filter(({ name }) => name.toLocaleLowerCase().includes(wanted))
      .sort((a, b) => (b.name === this.#room.you) - (a.name === this.#room.you) || order.compare(a.name, b.name));
    const focused = document.activeElement?.closest?.("#people-list .member")?.dataset.name;
    const rows = found.slice(0, MAX_SHOWN).map((person) => this.#row(person));
    if (found.length > MAX_SHOWN) rows.push(element("li", { class: "rest hint" }, `+ ${found.length - MAX_SHOWN}`));
    if (found.length === 0) rows.push(element("li", { class: "rest hint" }, text("nothingFound")));
    this.#list.replaceChildren(...rows);
    if (focused) this.#list.querySelector(`[data-name="${CSS.escape(focused)}"]`)?.focus();
  }

  #row({ name, color, account }) {
    const you = name === this.#room.you;
    const avatar = element("span", { class: "avatar", "aria-hidden": "true" }, initial(name));
    const marks = [];
    if (account) marks.push(element("span", { class: "badge", title: text("account", { name: account }) }, icon("shield")));
    if (this.#room.callers.has(name)) marks.push(element("span", { class: "badge", title: text("inCall") }, icon("phone")));
    if (you) marks.push(element("span", { class: "side-note" }, text("you")));
    const button = element("button", { type: "button", class: "member", "data-name": name, title: name, onclick: () => this.#room.openPerson(name, button) },
      avatar, element("bdi", {}, name), marks);
    button.classList.toggle("ignored", isIgnored(name));
    button.style.setProperty("--name-color", nameColor(name, color, this.#room.background));
    return element("li", {}, button);
  }
}
