// The list of people beside the conversation; on a narrow screen it covers it.

import { byId } from "./dom.js";

/** Below this width the list covers the conversation, so it starts closed. */
const WIDE = matchMedia("(min-width: 56.01rem)");

export class PeoplePanel {
	#panel = byId("people");
	#button = byId("people-button");

	constructor() {
		this.#button.addEventListener("click", () => this.show(Boolean(this.#panel.hidden)));
		byId("people-close").addEventListener("click", () => this.show(false));
		this.show(WIDE.matches, { quiet: true });
		WIDE.addEventListener("change", ({ matches }) => this.show(matches, { quiet: true }));
		document.addEventListener("keydown", (event) => {
			if (event.altKey && event.code === "KeyM") {
				event.preventDefault();
				this.show(Boolean(this.#panel.hidden));
			} else if (event.key === "Escape" && !this.#panel.hidden && !WIDE.matches && !event.defaultPrevented) {
				this.show(false);
			}
		});
	}

	/** @param {boolean} wanted @param {{ quiet?: boolean }} [options] `quiet`: the focus stays where it is. */
	show(wanted, { quiet = false } = {}) {
		this.#panel.hidden = !wanted;
		this.#button.setAttribute("aria-expanded", String(wanted));
		if (quiet) return;
		if (wanted) byId("people-list").querySelector("button")?.focus();
		else this.#button.focus();
	}

	/** Where it covers the conversation, it makes room for what is done next. */
	uncover() {
		if (!WIDE.matches) this.show(false, { quiet: true });
	}
}
