// Somebody may look elsewhere, at another room or at no page of this chat: how they hear of what happens.

import { byId } from "./dom.js";
import { plainWords } from "./formatting/plain.js";
import { text } from "./texts.js";

export class Outlook {
	#show;
	#title = document.title;
	/** Loaded when somebody else says something. @type {Promise<import("./attention.js").Attention> | null} */
	#attention = null;

	/** @param {(room: string) => void} show Goes there. */
	constructor(show) {
		this.#show = show;
	}

	/** @param {string} title Of the page. */
	async title(title) {
		this.#title = title;
		if (this.#attention) (await this.#attention).title = title;
		else document.title = title;
	}

	/** @param {string} words For screen readers. */
	announce(words) {
		byId("announcement").textContent = words;
	}

	/** @param {Room} room @param {News} news */
	async attract(room, news) {
		if (room.level === "nothing") return;
		const isAway = document.hidden || !document.hasFocus();
		if (news.urgent && !room.isShown) this.announce(text("mentionIn", { name: news.from, room: room.label }));
		const isTold = room.level === "all" || news.urgent;
		const isSeen = room.isShown && !isAway;
		// What was seen as it came does not count, also if they look away until it is told.
		const counts = isAway && (room.isShown || isTold);
		this.#attention ??= import("./attention.js").then(({ Attention }) => new Attention(this.#title));
		const attention = await this.#attention;
		const words = plainWords(news.words);
		const onOpen = () => this.#show(room.name);
		attention.note({ ...news, words, room: room.name, urgent: isTold, counts, isSeen, onOpen });
	}
}
