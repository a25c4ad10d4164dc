// One's own messages that are not in the log yet, below the conversation, each with its state.

import { byId, element, icon, initial } from "../functions.js";
import { text } from "./texts.js";

const STATES = {
  waiting: ["clock", "waiting"],
  sending: ["clock", "sending"],
  sent: ["check", "sent"],
  failed: ["warning", "notSent"],
};
/** An acked message leaves when its record arrives; a whisper's or command's does not always: then after this. */
const LINGER_MS = 3000;

export class PendingView {
  #box = byId("pending");
  #nodes = new Map();
  #view;
  #actions;

  /** `actions`: again(msgid), discard(msgid). */
  constructor(view, actions) {
    this.#view = view;
    this.#actions = actions;
  }

  draw(message) {
    const { msgid, state } = message;
    // Commands answer by themselves; only what fails or waits is worth a line.
    const isCommand = message.type === "say" && /^\/(?!\/|me\s)/.test(message.text);
    if (state === "discarded" || (state === "sent" && (isCommand || message.type === "whisper"))) {
      this.remove(msgid);
      return;
    }
    const node = this.#node(message);
    const old = this.#nodes.get(msgid);
    if (old) old.replaceWith(node);
    else this.#box.append(node);
    this.#nodes.set(msgid, node);
    if (state === "sent") setTimeout(() => this.remove(msgid), LINGER_MS);
  }

  remove(msgid) {
    this.#nodes.get(msgid)?.remove();
    this.#nodes.delete(msgid);
  }

  get count() {
    return this.#nodes.size;
  }

  #node(message) {
    const { msgid, state, reason, to } = message;
    const { you, yourColor } = this.#view.room;
    // With a connection it waits for its turn only.
    const [picture, words] = STATES[state === "waiting" && this.#view.room.events?.isWelcome ? "sending" : state];
    const avatar = this.#view.color(element("span", { class: "avatar", "aria-hidden": "true" }, initial(you || "?")), you, yourColor);
    const side = to ? element("span", { class: "side-note" }, text("whisperYou", { name: to })) : null;
    const heading = element("div", { class: "meta" }, this.#view.who(you || "…", yourColor), side);
    const body = element("div", { class: "words", dir: "auto" }, this.#view.words(message.text, { nick: "" }));
    const buttons = state === "failed"
      ? [element("button", { type: "button", class: "link", onclick: () => this.#actions.again(msgid) }, text("sendAgain")),
        element("button", { type: "button", class: "link", onclick: () => this.#actions.discard(msgid) }, text("discard"))]
      : [];
    const status = element("div", { class: "state" }, icon(picture), element("span", {}, text(words) + (reason ? `: ${reason}` : "")), buttons);
    return element("div", { class: `entry pending ${state}`, "data-msgid": msgid, "data-state": state }, element("div", { class: "line" }, avatar, heading, body, status));
  }
}
