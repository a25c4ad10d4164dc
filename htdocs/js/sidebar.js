// My rooms beside the conversation: which of them has something new, and the ways to others. On a narrow screen it is a
// drawer, whose button says whether anything is new.

import { roomAddress } from "./addresses.js";
import { byId, element, hiddenWords, icon } from "./dom.js";
import { OnePass } from "./one_pass.js";
import { isOfSome } from "./private_rooms.js";
import { inOrder } from "./room_order.js";
import { wireSearch } from "./search_buttons.js";
import { readStored, writeStored } from "./storage.js";
import { text } from "./texts.js";
import { MOST_COUNTED } from "./unread.js";

/** Below this width it is a drawer. */
const WIDE = matchMedia("(min-width: 56.01rem)");

/** @param {number} count */
export const countWords = (count) => (count >= MOST_COUNTED ? `${MOST_COUNTED - 1}+` : String(count));

export class Sidebar {
	#rooms;
	#actions;
	#box = byId("sidebar");
	#lists = byId("sidebar-lists");
	#list = byId("my-rooms");
	#conversations = byId("conversations-list");
	#button = byId("rooms-button");
	#soon = new OnePass(() => this.#drawNow());
	#isServed = readStored("many-rooms", true) !== false;
	/** @type {WeakMap<Room, Row>} */
	#rows = new WeakMap();
	/** As drawn, so that nothing moves under somebody's fingers. @type {Room[]} */
	order = [];

	/** @param {import("./rooms.js").Rooms} rooms @param {SidebarActions} actions */
	constructor(rooms, actions) {
		this.#rooms = rooms;
		this.#actions = actions;
		this.#button.addEventListener("click", () => this.#open());
		byId("sidebar-close").addEventListener("click", () => this.close({ back: true }));
		byId("scrim").addEventListener("click", () => this.close({ back: true }));
		byId("switch-button").addEventListener("click", () => this.#switch());
		byId("converse-button").addEventListener("click", () => this.#converse());
		this.#lists.addEventListener("click", (event) => this.#clicked(event));
		for (const event of ["pointerleave", "focusout"]) this.#box.addEventListener(event, () => this.draw());
		document.addEventListener("keydown", (event) => this.#key(event));
		WIDE.addEventListener("change", () => this.close());
		wireSearch(rooms, (room, at) => actions.show(room, { at }));
		this.#place();
		this.#drawNow();
	}

	/**
	 * Whether the server takes many rooms; remembered, so that the page does not jump when it opens.
	 * @param {boolean} is
	 */
	serves(is) {
		if (is === this.#isServed) return;
		this.#isServed = is;
		writeStored("many-rooms", is);
		this.#place();
	}

	#place() {
		byId("rooms-link").hidden = this.#isServed;
		this.#button.hidden = !this.#isServed;
		this.#box.hidden = !this.#isServed;
		this.#box.classList.remove("open");
	}

	#open() {
		this.#setOpen(true);
		const here = /** @type {HTMLElement | null} */ (this.#lists.querySelector("[aria-current]"));
		(here ?? byId("sidebar-close")).focus();
	}

	/** What lies under it cannot be reached meanwhile. @param {boolean} isOpen */
	#setOpen(isOpen) {
		this.#box.classList.toggle("open", isOpen);
		this.#button.setAttribute("aria-expanded", String(isOpen));
		byId("scrim").hidden = !isOpen;
		for (const part of byId("room").children) {
			if (part instanceof HTMLElement && part !== this.#box && part.id !== "scrim") part.inert = isOpen;
		}
	}

	/** The drawer, where it is one. @param {{ back?: boolean }} [options] `back`: the focus goes where it came from. */
	close({ back = false } = {}) {
		this.#setOpen(false);
		if (back) this.#button.focus();
	}

	/** Soon: many things may change at once. */
	draw() {
		this.#soon.soon();
	}

	#drawNow() {
		const rooms = this.#rooms.all;
		const isBusy = this.#box.matches(":hover, :focus-within");
		const inOrderOf = (/** @type {boolean} */ ofSome) => {
			const of = (/** @type {Room} */ { name }) => isOfSome(name) === ofSome;
			return inOrder(rooms.filter(of), isBusy ? this.order.filter(of) : []);
		};
		const [open, conversations] = [inOrderOf(false), inOrderOf(true)];
		this.order = [...open, ...conversations];
		this.#fillList(this.#list, open);
		this.#fillList(this.#conversations, conversations);
		byId("my-conversations").hidden = conversations.length === 0;
		this.#drawBadge(rooms.filter((room) => room !== this.#rooms.shown && room.level !== "nothing"));
	}

	/** @param {HTMLElement} list @param {Room[]} rooms */
	#fillList(list, rooms) {
		const rows = rooms.map((room) => this.#row(room));
		for (const [index, { node }] of rows.entries()) {
			if (list.children[index] !== node) list.insertBefore(node, list.children[index] ?? null);
		}
		while (list.children.length > rows.length) list.lastElementChild?.remove();
	}

	/** @param {Room[]} others */
	#drawBadge(others) {
		const mentions = others.reduce((sum, room) => sum + room.unread.mentions, 0);
		const isNew = others.some((room) => room.unread.count > 0);
		const badge = byId("rooms-badge");
		badge.hidden = !isNew;
		badge.className = mentions ? "badge-count mentions" : "badge-count dot";
		badge.textContent = mentions ? countWords(mentions) : "";
		let words = text("rooms");
		if (mentions) words = `${words}, ${text("mentionCount", { count: mentions })}`;
		else if (isNew) words = `${words}, ${text("somethingNew")}`;
		this.#button.setAttribute("aria-label", words);
		this.#button.title = words;
	}

	/** The room's row as it is now: the same element, so that it keeps the focus. @param {Room} room */
	#row(room) {
		let row = this.#rows.get(room);
		if (!row) {
			row = this.#newRow(room);
			this.#rows.set(room, row);
		}
		this.#fill(row, room);
		return row;
	}

	/** @param {Room} room @returns {Row} */
	#newRow(room) {
		const link = element("a", { class: "my-room" });
		const more = element(
			"button",
			{ type: "button", class: "plain more-room", title: text("roomActions") },
			icon("more"),
		);
		more.addEventListener("click", () => this.#openMenu(room, more));
		return { node: element("li", {}, link, more), link, more };
	}

	/** @param {Row} row @param {Room} room */
	#fill({ link, more }, room) {
		const { name, label, unread, level, out, isInCall } = room;
		const isHere = room === this.#rooms.shown;
		const count = isHere ? 0 : unread.count;
		const mentions = isHere ? 0 : unread.mentions;
		const parts = [
			element("span", { class: "hash", "aria-hidden": "true" }, isOfSome(name) ? "@" : "#"),
			element("bdi", {}, label),
			isInCall &&
				element("span", { class: "side-sign", title: text("inCall") }, icon("phone"), hiddenWords(text("inCall"))),
			mentions > 0 && badge("badge-count mentions", mentions, "mentionCount"),
			mentions === 0 && count > 0 && level !== "nothing" && badge("badge-count", count, "unreadCount"),
		];
		link.replaceChildren(...parts.filter((part) => part !== false));
		link.href = roomAddress(name);
		link.dataset.room = name;
		if (isHere) link.setAttribute("aria-current", "page");
		else link.removeAttribute("aria-current");
		link.classList.toggle("unread", count > 0 && level !== "nothing");
		link.classList.toggle("quiet", level === "nothing" || out !== "");
		more.setAttribute("aria-label", `${label}: ${text("roomActions")}`);
	}

	/** @param {Room} room @param {HTMLElement} button */
	async #openMenu(room, button) {
		const { openRoomMenu } = await import("./room_menu.js");
		openRoomMenu(room, button, this.#actions);
	}

	async #converse() {
		const { openConversationDialog } = await import("./conversation_dialog.js");
		openConversationDialog(this.#actions.privately);
	}

	async #switch() {
		const { openSwitcher } = await import("./switcher.js");
		openSwitcher(this.#rooms.all, (name) => this.#actions.show(name, { byKeyboard: true }));
	}

	/** A plain click stays in this window; any other one does what it does to links. @param {MouseEvent} event */
	#clicked(event) {
		const link = event.target instanceof Element && event.target.closest("a.my-room");
		const name = link instanceof HTMLElement ? (link.dataset.room ?? "") : "";
		if (!link || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
		event.preventDefault();
		this.#actions.show(name);
	}

	/** @param {KeyboardEvent} event */
	#key(event) {
		const isSwitch = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey;
		if (isSwitch && !document.querySelector("dialog[open]")) {
			event.preventDefault();
			this.#switch();
		} else if (event.key === "Escape" && this.#box.classList.contains("open") && !event.defaultPrevented) {
			this.close({ back: true });
		}
	}
}

/** @param {string} className @param {number} count @param {string} key Of the words. */
const badge = (className, count, key) =>
	element(
		"span",
		{ class: className },
		element("span", { "aria-hidden": "true" }, countWords(count)),
		hiddenWords(text(key, { count: countWords(count) })),
	);
