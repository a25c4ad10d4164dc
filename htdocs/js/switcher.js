// Goes to a room by typing a part of its name: my rooms first, then others that the server lists. Loaded when it is
// first opened.

import { tidyRoom } from "./addresses.js";
import { openDialog } from "./dialog.js";
import { element, hiddenWords } from "./dom.js";
import { inOrder } from "./room_order.js";
import { askServer } from "./server.js";
import { countWords } from "./sidebar.js";
import { text } from "./texts.js";

/** So many are offered: more is no choice, typing on is. */
const MAX_OFFERED = 12;
/** A pause in typing before the server is asked. */
const ASK_AFTER_MS = 200;

/**
 * Rooms whose names match, those that begin so first.
 * @template {{ label: string }} R
 * @param {R[]} rooms In their order.
 * @param {string} typed
 */
export function matching(rooms, typed) {
	const wanted = typed.toLocaleLowerCase();
	const found = rooms.filter(({ label }) => label.toLocaleLowerCase().includes(wanted));
	const begins = (/** @type {R} */ { label }) => Number(!label.toLocaleLowerCase().startsWith(wanted));
	return wanted ? found.sort((a, b) => begins(a) - begins(b)) : found;
}

/** @param {Room[]} mine @param {(name: string) => void} go */
export function openSwitcher(mine, go) {
	openDialog(text("switchRoom"), (close) => new Switcher(mine, go, close).nodes);
}

class Switcher {
	#mine;
	#go;
	#close;
	#chosen = 0;
	#timer = 0;
	#asked = 0;
	/** @type {string[]} */
	#others = [];
	/** @type {{ name: string, node: HTMLElement }[]} */
	#options = [];
	#list = element("ul", { class: "options", id: "switch-options", role: "listbox", "aria-label": text("rooms") });
	#field = element("input", {
		type: "text",
		id: "switch-field",
		role: "combobox",
		dir: "auto",
		autocomplete: "off",
		autocapitalize: "none",
		spellcheck: "false",
		maxlength: "64",
		"aria-label": text("findRoom"),
		placeholder: text("findRoom"),
		"aria-expanded": "true",
		"aria-controls": "switch-options",
		"aria-autocomplete": "list",
	});

	/** @param {Room[]} mine @param {(name: string) => void} go @param {() => void} close */
	constructor(mine, go, close) {
		this.#mine = inOrder(mine);
		this.#go = go;
		this.#close = close;
		this.#field.addEventListener("input", () => {
			this.#chosen = 0;
			this.#draw();
			clearTimeout(this.#timer);
			this.#timer = setTimeout(() => this.#ask(), ASK_AFTER_MS);
		});
		this.#field.addEventListener("keydown", (event) => this.#key(event));
		this.#draw();
		this.#ask();
	}

	get nodes() {
		return [
			element("form", { class: "form", onsubmit: (/** @type {Event} */ e) => e.preventDefault() }, this.#field),
			this.#list,
		];
	}

	/** Rooms of others, from the server; without it there are one's own. */
	async #ask() {
		this.#asked += 1;
		const mine = this.#asked;
		const wanted = new URLSearchParams({ list: "current", limit: String(MAX_OFFERED), q: this.#field.value.trim() });
		try {
			const { rooms } = await askServer(`rooms?${wanted}`);
			if (mine !== this.#asked) return;
			this.#others = rooms.map((/** @type {RoomFigures} */ { name }) => name);
			this.#draw();
		} catch {
			// One's own are there.
		}
	}

	#draw() {
		const typed = tidyRoom(this.#field.value);
		const own = matching(this.#mine, typed);
		const known = new Set(this.#mine.map(({ name }) => name));
		const others = matching(
			this.#others.filter((name) => !known.has(name)).map((name) => ({ name, label: name })),
			typed,
		);
		const all = [...own, ...others].map(({ name }) => name.toLocaleLowerCase());
		const isNew = typed !== "" && !all.includes(typed.toLocaleLowerCase());
		this.#options = [
			...own.map((room) => this.#option(room, room.unread)),
			...others.map((room) => this.#option(room, null, text("otherRoom"))),
		].slice(0, MAX_OFFERED);
		if (isNew) this.#options.push(this.#option({ name: typed, label: typed }, null, text("enterRoom")));
		this.#list.replaceChildren(...this.#options.map(({ node }) => node));
		this.#mark();
	}

	/** @param {Named} room @param {Room["unread"] | null} unread @param {string} [note] */
	#option({ name, label }, unread, note) {
		const count = unread?.mentions || unread?.count || 0;
		const key = unread?.mentions ? "mentionCount" : "unreadCount";
		const node = element(
			"li",
			{ role: "option", onclick: () => this.#take(name) },
			element("bdi", {}, label),
			note && element("span", { class: "side-note" }, note),
			count > 0 &&
				element(
					"span",
					{ class: unread?.mentions ? "badge-count mentions" : "badge-count" },
					element("span", { "aria-hidden": "true" }, countWords(count)),
					hiddenWords(text(key, { count: countWords(count) })),
				),
		);
		return { name, node };
	}

	#mark() {
		this.#chosen = Math.max(0, Math.min(this.#chosen, this.#options.length - 1));
		for (const [index, { node }] of this.#options.entries()) {
			node.id = `switch-option-${index}`;
			node.setAttribute("aria-selected", String(index === this.#chosen));
		}
		const chosen = this.#options[this.#chosen];
		if (chosen) this.#field.setAttribute("aria-activedescendant", chosen.node.id);
		else this.#field.removeAttribute("aria-activedescendant");
		chosen?.node.scrollIntoView({ block: "nearest" });
	}

	/** @param {KeyboardEvent} event */
	#key(event) {
		if (event.isComposing) return;
		const { length } = this.#options;
		if (event.key === "ArrowDown") this.#chosen = (this.#chosen + 1) % length;
		else if (event.key === "ArrowUp") this.#chosen = (this.#chosen + length - 1) % length;
		else if (event.key === "Enter" && this.#options[this.#chosen]) this.#take(this.#options[this.#chosen].name);
		else return;
		event.preventDefault();
		if (event.key !== "Enter") this.#mark();
	}

	/** @param {string} name */
	#take(name) {
		this.#close();
		this.#go(name);
	}
}
