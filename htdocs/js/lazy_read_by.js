// Who has read my last message, in conversations and by those who show it: nothing is loaded where nobody does.

import { preference } from "./preferences.js";

export class LazyReadBy {
	#room;
	/** @type {import("./read_by.js").ReadBy | null} */
	#readBy = null;

	/** @param {Room} room @param {Feed} feed */
	constructor(room, feed) {
		this.#room = room;
		// The server may not know yet on this connection that it is shown.
		feed.on("about", () => {
			const id = room.reading.unread.read;
			if (this.on && id) room.send({ type: "read", id, shown: true });
		});
		feed.on("read", ({ from, id }) => this.#heard(from, id));
		feed.on(["say", "me", "history"], () => requestAnimationFrame(() => this.draw()));
	}

	/** Whether it is to be known how far this person has read. */
	get on() {
		return this.#room.about !== null && preference("readMarks");
	}

	/** @param {string} from @param {string} id */
	async #heard(from, id) {
		if (!this.on || from === this.#room.me.name) return;
		this.#readBy ??= new (await import("./read_by.js")).ReadBy();
		this.#readBy.heard(from, id);
		this.draw();
	}

	draw() {
		if (this.#room.isShown && this.on) this.#readBy?.draw(this.#room.about?.kind === "pair");
	}

	/** @param {boolean} isShown */
	show(isShown) {
		if (isShown) this.draw();
		else this.#readBy?.hide();
	}
}
