// Tells a person who looks elsewhere: the count in the title, and a notification if they asked for it.

import { preference } from "./preferences.js";

export class Attention {
	#title;
	#unread = 0;

	/** @param {string} title */
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

	/**
	 * A message appeared.
	 * @param {Noted} message
	 */
	async note({ urgent, rings, from, words, onOpen }) {
		if (rings && preference("sound")) (await import("./ring.js")).ring();
		if (!this.isAway) return;
		this.#unread += 1;
		this.#draw();
		if (!urgent || !preference("notify")) return;
		const { notify } = await import("./notifications.js");
		notify({ title: from, words, tag: `chat-${this.#title}-${from}`, onOpen });
	}

	#looked() {
		if (this.isAway) return;
		this.#unread = 0;
		this.#draw();
	}

	#draw() {
		const count = this.#unread > 99 ? "99+" : this.#unread;
		document.title = this.#unread ? `(${count}) ${this.#title}` : this.#title;
	}
}
