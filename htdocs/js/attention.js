// Tells a person who looks elsewhere: the count in the title, a sound for calls, and a notification if they asked for
// it. Of the site's open tabs one does so, and none when the message is being looked at in another.

import { preference } from "./preferences.js";

/** How long another tab has to say that the message is being looked at there. */
const SEEN_WITHIN_MS = 900;
/** What other tabs have seen, remembered so long that it meets the message here. */
const MAX_SEEN = 100;

export class Attention {
	#title;
	#unread = 0;
	#tabs = globalThis.BroadcastChannel && new BroadcastChannel("chat-attention");
	/** Messages that are looked at in another tab. @type {string[]} */
	#seen = [];
	/** Whether this tab speaks for a room. @type {Map<string, Promise<boolean>>} */
	#leads = new Map();

	/** @param {string} title */
	constructor(title) {
		this.#title = title;
		document.addEventListener("visibilitychange", () => this.#looked());
		addEventListener("focus", () => this.#looked());
		this.#tabs?.addEventListener("message", ({ data }) => {
			this.#seen = [...this.#seen, String(data)].slice(-MAX_SEEN);
		});
		this.#draw();
	}

	/** @param {string} title */
	set title(title) {
		this.#title = title;
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
	async note({ room, id, urgent, rings, counts, isSeen, from, words, onOpen }) {
		const key = `${room} ${id} ${from}`;
		if (isSeen) this.#tabs?.postMessage(key);
		if (this.isAway && counts) {
			this.#unread += 1;
			this.#draw();
		}
		if (!urgent || preference("quiet") || !(await this.#isLeading(room))) return;
		if (rings && preference("sound")) (await import("./ring.js")).ring();
		if (isSeen || !preference("notify")) return;
		await new Promise((resolve) => setTimeout(resolve, SEEN_WITHIN_MS));
		if (this.#seen.includes(key)) return;
		const { notify } = await import("./notifications.js");
		notify({ title: from, words, tag: `chat-${room}-${from}`, room, onOpen });
	}

	/** The first tab that asks, as long as it is open. @param {string} room */
	#isLeading(room) {
		const known = this.#leads.get(room);
		if (known) return known;
		/** @type {Promise<boolean>} */
		const leads = new Promise((resolve) => {
			if (!navigator.locks) {
				resolve(true);
				return;
			}
			navigator.locks.request(`chat-notifier-${room}`, { ifAvailable: true }, (lock) => {
				// Asked for again with the next message: the other tab may be gone then.
				if (!lock) this.#leads.delete(room);
				resolve(lock !== null);
				return lock && new Promise(() => {});
			});
		});
		this.#leads.set(room, leads);
		return leads;
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
