// What is pinned in a room: kept as the server says, shown as a button in the room's head. The list is loaded when it
// is first opened.

import { byId } from "../dom.js";
import { text } from "../texts.js";

export class Pins {
	#room;
	#referenced;
	#menus;
	#isShown = false;
	/** Newest first. @type {string[]} */
	ids = [];

	/** @param {Room} room @param {import("./referenced.js").Referenced} referenced @param {RoomUses["menus"]} menus */
	constructor(room, referenced, menus) {
		this.#room = room;
		this.#referenced = referenced;
		this.#menus = menus;
	}

	/** @param {Feed} feed */
	follow(feed) {
		feed.on("welcome", ({ pins = [] }) => this.#set(pins));
		feed.on("pin", ({ target }) => this.#set([target, ...this.#without(target)]));
		feed.on(["unpin", "redact"], ({ target }) => this.#set(this.#without(target)));
		feed.on("clear", () => this.#set([]));
	}

	/** @param {string} id */
	#without(id) {
		return this.ids.filter((other) => other !== id);
	}

	/** @param {string[]} ids */
	#set(ids) {
		this.ids = ids;
		this.#draw();
	}

	/** @param {boolean} isShown */
	show(isShown) {
		this.#isShown = isShown;
		this.#draw();
		byId("pins-button").onclick = isShown ? () => this.#menus((menus) => menus.pins(this)) : null;
	}

	/** One of them may be known now. */
	changed() {
		if (this.#isShown && byId("pins-menu").matches(":popover-open")) this.#menus((menus) => menus.pins(this));
	}

	/** @returns {[id: string, record: Entry | null | undefined][]} */
	get records() {
		return this.ids.map((id) => [id, this.#referenced.get(id)]);
	}

	/** @param {string} id */
	goTo(id) {
		this.#room.goTo(id);
	}

	#draw() {
		if (!this.#isShown) return;
		const count = this.ids.length;
		const button = byId("pins-button");
		button.hidden = count === 0;
		byId("pins-count").textContent = String(count);
		button.title = text("pinnedCount", { count });
	}
}
