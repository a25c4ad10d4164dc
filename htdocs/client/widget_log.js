// The widget's list: the newest lines of a room, in order, and what was done to them later.

import { line } from "./widget_line.js";

/** More lines than these are not kept; they are a press of a button away. */
const MAX_LINES = 300;

export class WidgetLog {
	#list;
	#scroller;
	#say;
	/** What is shown, by id. @type {Map<string, { message: any, node: HTMLElement }>} */
	#lines = new Map();

	/**
	 * @param {HTMLElement} list
	 * @param {HTMLElement} scroller
	 * @param {(word: any, values?: any) => string} say
	 */
	constructor(list, scroller, say) {
		this.#list = list;
		this.#scroller = scroller;
		this.#say = say;
	}

	get isAtEnd() {
		return this.#scroller.scrollHeight - this.#scroller.scrollTop - this.#scroller.clientHeight < 40;
	}

	/** The id of the first line in sight; "" at the end, where new ones are followed. */
	get place() {
		if (this.isAtEnd) return "";
		const top = this.#scroller.getBoundingClientRect().top;
		const seen = [...this.#lines].find(([, { node }]) => node.getBoundingClientRect().bottom > top);
		return seen?.[0] ?? "";
	}

	/** @param {string} place As {@link place}; the end if it is not here. */
	goTo(place) {
		const line = this.#lines.get(place);
		if (line)
			this.#scroller.scrollTop += line.node.getBoundingClientRect().top - this.#scroller.getBoundingClientRect().top;
		else this.toEnd();
	}

	/** The id of the oldest record here. */
	get oldest() {
		return this.#lines.keys().next().value ?? "";
	}

	/** @param {any} message @param {string} nick @returns True if it is a line that somebody said. */
	add(message, nick) {
		if (message.type === "redact") this.#change(message.target, { redacted: true, text: "" }, nick);
		else if (message.type === "edit") this.#change(message.target, { edited: message.id, text: message.text }, nick);
		else if (message.type === "clear") this.clear();
		const node = line(message, nick, this.#say);
		if (!node) return false;
		const { isAtEnd } = this;
		this.#list.append(node);
		if (message.id) this.#lines.set(message.id, { message, node });
		this.#trim();
		if (isAtEnd) this.toEnd();
		return node.querySelector(".who") !== null;
	}

	/** What was said before all that is here. @param {any[]} records @param {string} nick */
	addOlder(records, nick) {
		const before = this.#scroller.scrollHeight;
		/** @type {[string, { message: any, node: HTMLElement }][]} */
		const older = [];
		for (const message of records) {
			const node = line(message, nick, this.#say);
			if (node) older.push([message.id, { message, node }]);
		}
		this.#list.prepend(...older.map(([, { node }]) => node));
		this.#lines = new Map([...older, ...this.#lines]);
		this.#scroller.scrollTop += this.#scroller.scrollHeight - before;
	}

	clear() {
		this.#list.replaceChildren();
		this.#lines.clear();
	}

	toEnd() {
		this.#scroller.scrollTop = this.#scroller.scrollHeight;
	}

	/** @param {string} id @param {object} change @param {string} nick */
	#change(id, change, nick) {
		const shown = this.#lines.get(id);
		if (!shown) return;
		Object.assign(shown.message, change);
		const node = line(shown.message, nick, this.#say);
		if (!node) return;
		shown.node.replaceWith(node);
		shown.node = node;
	}

	#trim() {
		while (this.#list.childElementCount > MAX_LINES) {
			const first = this.#list.firstElementChild;
			first?.remove();
			for (const [id, { node }] of this.#lines) {
				if (node === first) this.#lines.delete(id);
				break;
			}
		}
	}
}
