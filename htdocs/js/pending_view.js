// One's own messages that are not in the log yet, below the conversation, each with its state.

import { isCommandMessage } from "../client/commands.js";
import { filesOf } from "./attachments/files_of.js";
import { byId, element, icon } from "./dom.js";
import { formattedNodes } from "./formatting/view.js";
import { text } from "./texts.js";

/**
 * Picture and words of each.
 * @type {Record<string, [string, string]>}
 */
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
	/** @type {Map<string, HTMLElement>} */
	#nodes = new Map();
	#me;
	#view;
	#actions;
	#isShown = false;

	/** @param {{ name: string, color: string }} me @param {MessageView} view @param {PendingActions} actions */
	constructor(me, view, actions) {
		this.#me = me;
		this.#view = view;
		this.#actions = actions;
	}

	/** @param {boolean} isShown */
	show(isShown) {
		this.#isShown = isShown;
		for (const node of this.#nodes.values()) node.remove();
		this.#nodes.clear();
	}

	/** @param {Outgoing} message */
	draw(message) {
		if (!this.#isShown) return;
		const { msgid, state } = message;
		// Commands answer by themselves; only what fails or waits is worth a line.
		const leavesAtOnce = message.type !== "say" || isCommandMessage(message);
		if (state === "discarded" || (state === "sent" && leavesAtOnce)) {
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

	/** @param {string} msgid */
	remove(msgid) {
		this.#nodes.get(msgid)?.remove();
		this.#nodes.delete(msgid);
	}

	get count() {
		return this.#nodes.size;
	}

	/** @param {Outgoing} message */
	#node({ msgid, state, reason, to, text: words, files }) {
		const { name, color } = this.#me;
		const [picture, key] = STATES[state === "waiting" && this.#actions.isWelcome() ? "sending" : state];
		const side = to && element("span", { class: "side-note" }, text("whisperYou", { name: to }));
		const heading = element("div", { class: "meta" }, ...this.#view.who(name || "…", color), side);
		const body = element("div", { class: "words", dir: "auto" }, formattedNodes(words, ""));
		const status = element(
			"div",
			{ class: "state" },
			icon(picture),
			element("span", {}, text(key) + (reason ? `: ${reason}` : "")),
			state === "failed" && this.#button("sendAgain", () => this.#actions.again(msgid)),
			["failed", "waiting"].includes(state) && this.#button("discard", () => this.#actions.discard(msgid)),
		);
		const line = element("div", { class: "line" }, this.#view.avatar(name || "?", color), heading, body);
		if (files?.length) line.append(filesOf(/** @type {Attached[]} */ (files), this.#actions.room, words));
		line.append(status);
		return element("div", { class: `entry pending ${state}`, "data-msgid": msgid, "data-state": state }, line);
	}

	/** @param {string} key @param {() => void} onclick */
	#button(key, onclick) {
		return element("button", { type: "button", class: "link", onclick }, text(key));
	}
}
