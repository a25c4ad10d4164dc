// Where a message is written: it grows with the text, keeps the draft, completes names, and turns
// to one person when somebody wants to whisper.

import { byId, element } from "../functions.js";
import { moveByArrows } from "./arrow_keys.js";
import { dropStored, readStored, writeStored } from "./preferences.js";
import { SMILEYS } from "./tokens.js";
import { text } from "./texts.js";

/** Messages that the up key brings back. */
const MAX_RECALLED = 50;

export class Composer {
  #form = byId("composer");
  #field = byId("text");
  #room;
  #draftKey;
  #limit = 4096;
  #whisperTo = "";
  #sent = [];
  #recalled = -1;
  #completion = null;

  /** `room`: `submit(text, whisperTo)` (false: not taken), `names()`, `typed(text, whisperTo)`. */
  constructor(room) {
    this.#room = room;
    this.#draftKey = `draft.${room.name}`;
    this.#field.value = readStored(this.#draftKey, "");
    this.#field.addEventListener("keydown", (event) => this.#key(event));
    this.#field.addEventListener("input", () => this.#changed());
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    byId("whisper-stop").addEventListener("click", () => this.whisper(""));
    this.#wireSmileys();
    this.#changed({ quiet: true });
    this.whisper("");
  }

  set limit(limit) {
    this.#limit = limit;
    this.#changed({ quiet: true });
  }

  get whisperTo() {
    return this.#whisperTo;
  }

  focus() {
    this.#field.focus();
  }

  /** From now on messages go to `name` only; "" is everybody again. */
  whisper(name) {
    this.#whisperTo = name;
    const words = name ? text("whisperTo", { name }) : text("messageTo", { room: this.#room.name });
    this.#field.placeholder = words;
    byId("text-label").textContent = words;
    byId("whisper-chip").hidden = !name;
    byId("whisper-chip-text").textContent = name ? words : "";
    this.#form.classList.toggle("whispering", Boolean(name));
    if (name) this.focus();
  }

  /** Puts `words` where the cursor is, with blanks around them as needed. */
  insert(words) {
    const { value, selectionStart, selectionEnd } = this.#field;
    const before = selectionStart > 0 && !/\s$/.test(value.slice(0, selectionStart)) ? " " : "";
    const after = /^\s/.test(value.slice(selectionEnd)) ? "" : " ";
    this.#field.setRangeText(before + words + after, selectionStart, selectionEnd, "end");
    this.#changed();
    this.focus();
  }

  #submit() {
    const words = this.#field.value;
    if (words.trim() === "" || this.#over() > 0) return;
    // Each line is a message: on disk and on the wire a record is one line.
    const lines = words.split(/\r?\n/).filter((line) => line.trim() !== "");
    const refused = lines.findIndex((line) => this.#room.submit(line, this.#whisperTo) === false);
    if (refused !== 0) this.#remember(words);
    this.#field.value = refused < 0 ? "" : lines.slice(refused).join("\n");
    this.#changed({ quiet: true });
  }

  #remember(words) {
    if (this.#sent.at(-1) !== words) this.#sent.push(words);
    if (this.#sent.length > MAX_RECALLED) this.#sent.shift();
    this.#recalled = -1;
  }

  #over() {
    const longest = Math.max(...this.#field.value.split(/\r?\n/).map((line) => [...line].length));
    return longest - this.#limit;
  }

  #changed({ quiet = false } = {}) {
    const over = this.#over();
    const note = byId("over-limit");
    note.hidden = over <= 0;
    note.textContent = over > 0 ? text("tooLong", { count: over, limit: this.#limit }) : "";
    this.#form.classList.toggle("over", over > 0);
    if (this.#field.value) writeStored(this.#draftKey, this.#field.value);
    else dropStored(this.#draftKey);
    this.#fit();
    if (!quiet) this.#room.typed(this.#field.value, this.#whisperTo);
  }

  /** For browsers without field-sizing: the field is as high as its text, up to the style's limit. */
  #fit() {
    if (CSS.supports("field-sizing", "content")) return;
    this.#field.style.height = "auto";
    this.#field.style.height = `${this.#field.scrollHeight}px`;
  }

  #key(event) {
    if (event.isComposing) return;
    if (event.key !== "Tab") this.#completion = null;
    if (event.key === "Enter" && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      this.#submit();
    } else if (event.key === "Tab" && !event.shiftKey && !event.ctrlKey && !event.altKey) {
      if (this.#complete()) event.preventDefault();
    } else if (event.key === "Escape" && this.#whisperTo) {
      event.preventDefault();
      this.whisper("");
    } else if (event.key === "ArrowUp" && (this.#field.value === "" || this.#recalled >= 0)) {
      event.preventDefault();
      this.#recall(1);
    } else if (event.key === "ArrowDown" && this.#recalled >= 0) {
      event.preventDefault();
      this.#recall(-1);
    } else {
      this.#recalled = -1;
    }
  }

  #recall(step) {
    this.#recalled = Math.min(Math.max(this.#recalled + step, -1), this.#sent.length - 1);
    this.#field.value = this.#recalled < 0 ? "" : this.#sent.at(-1 - this.#recalled);
    this.#changed({ quiet: true });
  }

  /** Completes the name begun before the cursor; again: the next one. False: the key moves on as usual. */
  #complete() {
    const { value, selectionStart } = this.#field;
    if (!this.#completion) {
      const begun = /[^\s]+$/u.exec(value.slice(0, selectionStart))?.[0];
      if (!begun) return false;
      const plain = begun.replace(/^@/, "").toLocaleLowerCase();
      const found = this.#room.names().filter((name) => plain && name.toLocaleLowerCase().startsWith(plain)).sort();
      if (found.length === 0) return false;
      this.#completion = { found, next: 0, from: selectionStart - begun.length };
    }
    const { found, from } = this.#completion;
    const name = found[this.#completion.next % found.length];
    this.#completion.next += 1;
    const words = `${from === 0 ? `${name}, ` : `${name} `}`;
    this.#field.setRangeText(words, from, this.#field.selectionStart, "end");
    const kept = this.#completion;
    this.#changed();
    this.#completion = kept;
    return true;
  }

  #wireSmileys() {
    const board = byId("smiley-board");
    moveByArrows(board);
    board.addEventListener("beforetoggle", () => board.childElementCount || this.#drawSmileys(board), { once: true });
    board.addEventListener("toggle", (event) => {
      if (event.newState !== "open") return;
      const place = byId("smiley-button").getBoundingClientRect();
      board.style.left = `${Math.max(8, Math.min(place.left, innerWidth - board.offsetWidth - 8))}px`;
      board.style.top = `${place.top - board.offsetHeight - 8}px`;
      board.querySelector("button").focus();
    });
  }

  /** One button for each picture, with the first way to type it. */
  #drawSmileys(board) {
    const typedFor = new Map([...SMILEYS].reverse().map(([typed, picture]) => [picture, typed]));
    for (const [picture, typed] of [...typedFor].reverse()) {
      const image = element("img", { src: `smileys/${picture}.svg`, alt: "" });
      board.append(element("button", { type: "button", "aria-label": picture, title: typed, onclick: () => {
        board.hidePopover();
        this.insert(typed);
      } }, image));
    }
  }
}
