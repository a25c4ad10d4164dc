// A menu that floats beside what opened it.

import { moveByArrows } from "./arrow_keys.js";
import { byId, element } from "./dom.js";

/** Pixels between a menu and what opened it, and from the edge of the screen. */
const GAP = 4;
const EDGE = 8;

export class Menu {
	#box;

	/** @param {string} id */
	constructor(id) {
		this.#box = byId(id);
		this.#box.setAttribute("role", "group");
		moveByArrows(this.#box);
	}

	close() {
		this.#box.hidePopover();
	}

	/** @param {string} words @param {() => void} action Runs once the menu is closed. */
	item(words, action, className = "") {
		const onclick = () => {
			this.close();
			action();
		};
		return element("button", { type: "button", class: className, onclick }, words);
	}

	/**
	 * @param {string} label For screen readers.
	 * @param {HTMLElement} opener Gets the focus back.
	 * @param {(HTMLElement | false)[]} items
	 */
	open(label, opener, items) {
		const box = this.#box;
		box.setAttribute("aria-label", label);
		box.replaceChildren(...items.filter((item) => item !== false));
		box.showPopover();
		const place = opener.getBoundingClientRect();
		const below = place.bottom + GAP + box.offsetHeight < innerHeight;
		const top = below ? place.bottom + GAP : Math.max(EDGE, place.top - box.offsetHeight - GAP);
		box.style.left = `${Math.max(EDGE, Math.min(place.left, innerWidth - box.offsetWidth - EDGE))}px`;
		box.style.top = `${top}px`;
		box.querySelector("button")?.focus();
		const toggled = (/** @type {ToggleEvent} */ { newState }) => {
			if (newState === "closed" && document.activeElement === document.body) opener.focus();
		};
		box.addEventListener("toggle", toggled, { once: true });
	}
}
