// Tells a person who looks elsewhere: the count in the title, and a notification if they asked for it.

import { preference } from "./preferences.js";

export class Attention {
  #title;
  #unread = 0;

  constructor(title) {
    this.#title = title;
    document.addEventListener("visibilitychange", () => this.#looked());
    addEventListener("focus", () => this.#looked());
    this.#draw();
  }

  /** True when the person cannot have seen what just appeared. */
  get isAway() {
    return document.hidden || !document.hasFocus();
  }

  set title(title) {
    this.#title = title;
    this.#draw();
  }

  /** A message appeared. `urgent`: a mention or a whisper, worth a notification. */
  note({ urgent, from, words, onOpen }) {
    if (!this.isAway) return;
    this.#unread += 1;
    this.#draw();
    if (urgent && preference("notify")) notify(this.#title, from, words, onOpen);
  }

  #looked() {
    if (this.isAway) return;
    this.#unread = 0;
    this.#draw();
  }

  #draw() {
    document.title = this.#unread ? `(${this.#unread > 99 ? "99+" : this.#unread}) ${this.#title}` : this.#title;
  }
}

/** The longest text in a notification: systems cut it anyway. */
const MAX_NOTIFIED = 200;

function notify(title, from, words, onOpen) {
  if (!("Notification" in globalThis) || Notification.permission !== "granted") return;
  try {
    const notification = new Notification(from, { body: words.slice(0, MAX_NOTIFIED), tag: `chat-${title}-${from}`, icon: "icons/favicon.svg" });
    notification.addEventListener("click", () => {
      window.focus();
      notification.close();
      onOpen?.();
    });
  } catch {
    // Chrome on Android has the class but allows it in service workers only.
  }
}

/** Asks the browser; must be called from a click. True if notifications may be shown. */
export async function allowNotifications() {
  if (!("Notification" in globalThis)) return false;
  return (await Notification.requestPermission()) === "granted";
}
