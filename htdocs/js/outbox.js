// What was written and is not yet known to be kept by the server. It lives in localStorage: a
// reload, a crash or a night offline loses nothing. Each message has an id of its own, so that it
// can be sent again without appearing twice.

import { randomId } from "../functions.js";
import { dropStored, readStored, storedKeys, writeStored } from "./preferences.js";

/** More than this waiting is refused: localStorage holds about 5 MB for the whole site. */
const MAX_WAITING = 200;
/** Of the server's own pace, so much is used: who is faster is slowed down, and told so. */
const SHARE_OF_PACE = 0.9;

export class Outbox {
  #key;
  #messages = [];
  #onChange;
  #interval = 100;
  #burst = 1;
  #busyUntil = 0;
  #timer = 0;

  /** `owner` sets this tab apart from others in the same room: each sends its own messages only. */
  constructor(room, owner, onChange) {
    this.#key = `outbox.${room}.${owner}`;
    this.#onChange = onChange;
    this.#messages = clean(readStored(this.#key, []));
  }

  get messages() {
    return this.#messages;
  }

  /** The message as kept, or null when too many wait. */
  add(type, text, extra = {}) {
    if (this.#messages.length >= MAX_WAITING) return null;
    const message = { msgid: randomId(), type, text, ...extra, at: Date.now(), state: "waiting" };
    this.#messages.push(message);
    this.#changed(message);
    return message;
  }

  /** What the server takes: `rate` messages a second, `burst` at once. */
  pace({ rate, burst }) {
    this.#interval = 1000 / (rate * SHARE_OF_PACE);
    this.#burst = Math.max(1, Math.floor(burst * SHARE_OF_PACE));
  }

  /** Hands what waits to `send`, oldest first, at the server's pace, until it says false (no connection). */
  flush(send) {
    clearTimeout(this.#timer);
    for (const message of [...this.#messages]) {
      if (message.state !== "waiting") continue;
      const now = performance.now();
      const early = this.#busyUntil - now - (this.#burst - 1) * this.#interval;
      if (early > 0) {
        this.#timer = setTimeout(() => this.flush(send), early);
        return;
      }
      const { msgid, type, text, to } = message;
      if (!send(to ? { type, msgid, to, text } : { type, msgid, text })) return;
      this.#busyUntil = Math.max(this.#busyUntil, now) + this.#interval;
      message.state = "sending";
      this.#changed(message);
    }
  }

  /** The connection is gone: what was under way may or may not have arrived; it will be sent again. */
  interrupted() {
    for (const message of this.#messages) {
      if (message.state !== "sending") continue;
      message.state = "waiting";
      this.#changed(message);
    }
  }

  acknowledged(msgid) {
    const index = this.#messages.findIndex((message) => message.msgid === msgid);
    if (index < 0) return null;
    const [message] = this.#messages.splice(index, 1);
    this.#changed({ ...message, state: "sent" });
    return message;
  }

  refused(msgid, reason) {
    const message = this.#find(msgid);
    if (!message) return null;
    message.state = "failed";
    message.reason = reason;
    this.#changed(message);
    return message;
  }

  again(msgid) {
    const message = this.#find(msgid);
    if (!message) return;
    message.state = "waiting";
    delete message.reason;
    this.#changed(message);
  }

  discard(msgid) {
    const message = this.#find(msgid);
    if (!message) return;
    this.#messages = this.#messages.filter((other) => other !== message);
    this.#changed({ ...message, state: "discarded" });
  }

  #find(msgid) {
    return this.#messages.find((message) => message.msgid === msgid);
  }

  #changed(message) {
    if (this.#messages.length === 0) dropStored(this.#key);
    else writeStored(this.#key, this.#messages);
    this.#onChange(message);
  }

  /** Takes over what tabs that are gone have left unsent in this room. */
  adopt(room, isGone) {
    for (const key of storedKeys(`outbox.${room}.`)) {
      const owner = key.slice(`outbox.${room}.`.length);
      if (key === this.#key || !isGone(owner)) continue;
      const left = clean(readStored(key, [])).slice(0, MAX_WAITING - this.#messages.length);
      dropStored(key);
      this.#messages = [...left, ...this.#messages];
      for (const message of left) this.#changed(message);
    }
  }
}

/** Stored values are looked at like a stranger's: another version of the page may have written them. */
function clean(stored) {
  if (!Array.isArray(stored)) return [];
  return stored
    .filter((message) => typeof message?.msgid === "string" && typeof message.text === "string" && ["say", "whisper"].includes(message.type))
    .slice(0, MAX_WAITING)
    .map((message) => ({ ...message, state: message.state === "failed" ? "failed" : "waiting" }));
}

/**
 * A name for this tab that survives a reload, and a way to tell which other tabs are gone. A
 * duplicated tab copies the name, so the name counts only while its lock is held; without locks
 * (plain http) a reload keeps the outbox and only a closed tab's is left alone.
 */
export async function claimTab() {
  let owner = readStored("tab", "", sessionStorage);
  if (!navigator.locks) {
    owner ||= randomId();
    writeStored("tab", owner, sessionStorage);
    return { owner, gone: () => false };
  }
  const hold = (name) =>
    new Promise((resolve) => {
      navigator.locks.request(`chat-tab-${name}`, { ifAvailable: true }, (lock) => {
        resolve(lock !== null);
        return lock && new Promise(() => {});
      });
    });
  if (!owner || !(await hold(owner))) {
    owner = randomId();
    await hold(owner);
  }
  writeStored("tab", owner, sessionStorage);
  const { held = [] } = await navigator.locks.query();
  const alive = new Set(held.map((lock) => lock.name));
  return { owner, gone: (other) => !alive.has(`chat-tab-${other}`) };
}
