// What the window goes to: a message, or the first one after a moment. It may have to be asked for, in two pages: from
// there on, and what is before it.

import { byId } from "./dom.js";
import { idBefore } from "./ids.js";
import { text } from "./texts.js";

export class Aim {
	#drawn;
	#scroller;
	/** Where to; "" while it goes nowhere. */
	id = "";
	#isMessage = true;
	/** The message that somebody pointed to is not there any more. */
	isGone = false;

	/** @param {import("./drawn_entries.js").DrawnEntries} drawn @param {Scroller} scroller */
	constructor(drawn, scroller) {
		this.#drawn = drawn;
		this.#scroller = scroller;
	}

	/** @param {string} id @param {boolean} isMessage Else any record from then on will do. */
	take(id, isMessage) {
		[this.id, this.#isMessage, this.isGone] = [id, isMessage, false];
	}

	/** The question for the page that begins with it. */
	get since() {
		return this.id && idBefore(this.id);
	}

	get going() {
		return this.id ? { id: this.id, isMessage: this.#isMessage } : null;
	}

	drop() {
		[this.id, this.isGone] = ["", false];
		this.#drawn.target = "";
	}

	/**
	 * Whether the window shows what is on both sides of it.
	 * @param {{ reachesStart: boolean, reachesEnd: boolean }} edges
	 */
	isInside({ reachesStart, reachesEnd }) {
		const { items, lastId } = this.#drawn;
		const first = items[0]?.record.id;
		return first !== undefined && (reachesStart || first < this.id) && (reachesEnd || lastId >= this.id);
	}

	/** Shows it, as far as it is in the window. @param {{ isLast: boolean }} when `isLast`: all of it has come. */
	show({ isLast }) {
		const found = this.#drawn.items.find(({ record, node }) => record.id >= this.id && node.offsetParent !== null);
		const isIt = found !== undefined && (!this.#isMessage || found.record.id === this.id);
		if (found) this.#scroller.toMiddle(found.node);
		else if (isLast) this.#scroller.toBottom();
		if (!isLast) return;
		this.#drawn.target = isIt ? found.record.id : "";
		this.isGone = this.#isMessage && !isIt;
		if (isIt) focus(found.node);
		else if (this.isGone) byId("announcement").textContent = text("messageGone");
		this.id = "";
	}
}

/** So that the keyboard and screen readers go on from there. @param {HTMLElement} node */
function focus(node) {
	if (!node.hasAttribute("tabindex")) node.tabIndex = -1;
	node.focus({ preventScroll: true });
}
