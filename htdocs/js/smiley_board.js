// The board of smileys, loaded when it is first opened: one button for each picture, with the first way to type it.

import { moveByArrows } from "./arrow_keys.js";
import { byId, element } from "./dom.js";
import { SMILEYS } from "./tokens.js";

/** Pixels between the board and what is around it. */
const GAP = 8;

export class SmileyBoard {
	#board = byId("smiley-board");
	#insert;

	/** @param {(typed: string) => void} insert */
	constructor(insert) {
		this.#insert = insert;
		moveByArrows(this.#board);
		this.#draw();
		this.#board.addEventListener("toggle", (event) => event.newState === "open" && this.#opened());
		if (this.#board.matches(":popover-open")) this.#opened();
	}

	#opened() {
		const place = byId("smiley-button").getBoundingClientRect();
		const left = Math.min(place.left, innerWidth - this.#board.offsetWidth - GAP);
		this.#board.style.left = `${Math.max(GAP, left)}px`;
		this.#board.style.top = `${place.top - this.#board.offsetHeight - GAP}px`;
		this.#board.querySelector("button")?.focus();
	}

	#draw() {
		const pictures = new Set(SMILEYS.map(([, picture]) => picture));
		for (const picture of pictures) {
			const typed = SMILEYS.find(([, other]) => other === picture)?.[0] ?? "";
			const onclick = () => {
				this.#board.hidePopover();
				this.#insert(typed);
			};
			const image = element("img", { src: `smileys/${picture}.svg`, alt: "" });
			this.#board.append(element("button", { type: "button", "aria-label": picture, title: typed, onclick }, image));
		}
	}
}
