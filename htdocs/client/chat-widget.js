// <chat-widget room="lobby">: a room of the chat on any page, or a dock of conversations. docs/embedding.md.

import { randomId } from "./random_id.js";
import { kept } from "./widget_kept.js";
import { element } from "./widget_line.js";
import * as outbox from "./widget_outbox.js";
import { WidgetPanel } from "./widget_panel.js";
import { counted, drawRooms } from "./widget_rooms.js";
import { Shared } from "./widget_shared.js";
import { widgetSheet } from "./widget_style.js";
import { countInTitle } from "./widget_title.js";
import { words } from "./widget_texts.js";

/** Beside each other, in pixels: a conversation of the dock needs so much. */
const PANEL_WIDTH = 368;

/** @type {CSSStyleSheet | undefined} */
let sheet;

export class ChatWidget extends HTMLElement {
	/** @type {Shared | null} */
	#shared = null;
	#hub = "";
	#state = "connecting";
	#say = words("en");
	/** @type {Record<string, any>} */
	#parts = {};
	/** Conversations that are open, the newest last. @type {Map<string, WidgetPanel>} */
	#panels = new Map();
	/** All there are, as the hub lists them. @type {import("./types.d.ts").HubRoom[]} */
	#rooms = [];
	/** Ends what listens to the page. */
	#stay = new AbortController();

	connectedCallback() {
		if (this.#shared) return;
		this.#say = words(this.lang || document.documentElement.lang || navigator.language);
		if (!this.shadowRoot) this.#draw();
		this.#stay = new AbortController();
		const { signal } = this.#stay;
		document.addEventListener("visibilitychange", () => this.#seen(), { signal });
		addEventListener("resize", () => this.#arrange(), { signal });
		this.#connect();
	}

	disconnectedCallback() {
		this.#stay.abort();
		this.#shared?.close();
		this.#shared = null;
	}

	/** The room's name; of several the first. */
	get room() {
		return this.#wanted[0];
	}

	get #wanted() {
		return (this.getAttribute("room") || "lobby").split(/\s+/u).filter(Boolean);
	}

	get #isDock() {
		return this.hasAttribute("dock");
	}

	/** Whether messages are in sight; without `dock` they always are. */
	get isOpen() {
		return this.#panels.size > 0;
	}

	set isOpen(isOpen) {
		if (!this.#isDock) return;
		if (isOpen) this.open(this.room);
		else for (const name of [...this.#panels.keys()]) this.#shut(name);
	}

	/** Shows a conversation. @param {string} name */
	open(name) {
		if (!this.#panels.has(name)) this.#add(name);
		const panel = /** @type {WidgetPanel} */ (this.#panels.get(name));
		this.#panels.delete(name);
		this.#panels.set(name, panel);
		this.#parts.list.hidden = true;
		this.#arrange();
		panel.focus();
	}

	#draw() {
		const say = this.#say;
		const root = this.attachShadow({ mode: "open" });
		root.adoptedStyleSheets = [(sheet ??= widgetSheet())];
		/** @type {Record<string, any>} */
		const parts = (this.#parts = {
			windows: element("div", { class: "windows" }),
			list: element("ul", {
				class: "rooms",
				hidden: true,
				"aria-label": say("conversations"),
				keydown: (event) => this.#listKey(event),
			}),
			badge: element("span", { class: "badge", hidden: true }),
			hint: element("span", { class: "aside" }),
		});
		parts.toggle = element(
			"button",
			{ type: "button", class: "toggle main", click: () => this.#toggle() },
			element("span", {}, say("chat")),
			parts.badge,
			parts.hint,
		);
		root.append(
			parts.windows,
			element("nav", { class: "home", "aria-label": say("conversations") }, parts.list, parts.toggle),
		);
		const open = this.#isDock ? this.#kept() : [this.room];
		for (const name of open) this.#add(name);
		this.#arrange();
	}

	/** What was open on the page before. */
	#kept() {
		const open = kept.read("dock");
		return (Array.isArray(open) ? open : []).filter((name) => typeof name === "string").slice(-8);
	}

	#connect() {
		const server = this.getAttribute("server") ?? new URL("../", import.meta.url).href;
		const client = kept.get("client") ?? randomId();
		kept.set("client", client);
		const who = {
			servers: server.trim().split(/\s+/u),
			nick: this.getAttribute("nick") || kept.get("name") || undefined,
			client,
		};
		const user = this.getAttribute("user") ?? "";
		outbox.writeAs(user);
		// Who has logged in since is somebody else: their tabs have a connection of their own.
		const key = `1 ${server} ${client} ${user}`;
		const shared = new Shared({
			key,
			hub: async (post) => new (await import("./widget_hub.js")).Hub(who, post),
			take: (message) => this.#take(message),
			ready: () => {
				this.#hub = "";
				shared.post({ type: "open", ...who });
				for (const name of this.#wanted) shared.post({ type: "follow", room: name });
				for (const panel of this.#panels.values()) panel.ready();
			},
		});
		this.#shared = shared;
	}

	/** @param {import("./types.d.ts").HubMessage} message */
	#take(message) {
		if (message.type === "hub") this.#met(message.id);
		else if (message.type === "state") this.#changed(message.state);
		else if (message.type === "rooms") this.#listed(message.rooms);
		else if (message.type === "done") this.#done(message);
		else if (message.type === "begun") this.open(/** @type {string} */ (message.room));
		else {
			const panel = message.room ? this.#panels.get(message.room) : [...this.#panels.values()].at(-1);
			panel?.take(message);
			if (message.type !== "record") return;
			this.#seen();
			this.dispatchEvent(new CustomEvent("chat-record", { detail: message.record }));
		}
	}

	/** A hub, maybe another than before: it is offered what is not known to have arrived. @param {string} id */
	#met(id) {
		if (id === this.#hub) return;
		this.#hub = id;
		const { offered, uncertain } = outbox.offer(id);
		for (const { msgid, room, text } of offered) this.#shared?.post({ type: "send", msgid, room, text });
		for (const { room, text } of uncertain) this.#panels.get(room)?.failed(text, this.#say("maybe"));
		this.#pending();
	}

	/** @param {string} state */
	#changed(state) {
		this.#state = state;
		for (const panel of this.#panels.values()) panel.state(state);
		this.dispatchEvent(new CustomEvent("chat-state", { detail: state }));
	}

	/** @param {string} room @param {string} text */
	#send(room, text) {
		const message = outbox.add(room, text);
		if (!message) return false;
		if (this.#hub) {
			outbox.handed(message, this.#hub);
			this.#shared?.post({ type: "send", msgid: message.msgid, room, text });
		}
		this.#pending();
		return true;
	}

	/** @param {any} end */
	#done({ msgid, room, code, reason }) {
		const message = outbox.waiting().find((one) => one.msgid === msgid);
		outbox.remove(msgid);
		this.#pending();
		if (code && message) this.#panels.get(room)?.failed(message.text, reason);
	}

	#pending() {
		const all = outbox.waiting();
		for (const [name, panel] of this.#panels) panel.pending(all.filter(({ room }) => room === name));
	}

	/** @param {string} name */
	#add(name) {
		const panel = new WidgetPanel(name, {
			say: this.#say,
			post: (message) => this.#shared?.post(message),
			send: (room, text) => this.#send(room, text),
			talkTo: this.#isDock ? (person) => this.#talkTo(person) : undefined,
			close: this.#isDock ? () => this.#close(name) : undefined,
		});
		this.#panels.set(name, panel);
		this.#parts.windows.append(panel.element);
		panel.state(this.#state);
		if (this.#hub) panel.ready();
	}

	/** @param {string} name */
	#shut(name) {
		this.#panels.get(name)?.element.remove();
		this.#panels.delete(name);
		this.#arrange();
	}

	/** @param {string} name */
	#close(name) {
		this.#shut(name);
		this.#parts.toggle.focus();
	}

	/** The conversation of the two, which may be there already. @param {import("./types.d.ts").Person} person */
	#talkTo({ name, person }) {
		const known = this.#isDock && this.#rooms.find(({ kind, title }) => kind === "pair" && title === name);
		if (known) this.open(known.name);
		else this.#shared?.post({ type: "converse", to: name, person });
	}

	/** As many as there is space for; the others wait behind the button. */
	#arrange() {
		const open = [...this.#panels.keys()];
		const fits = this.#isDock ? Math.max(1, Math.floor((innerWidth - 32) / PANEL_WIDTH)) : open.length;
		for (const [at, panel] of [...this.#panels.values()].entries()) {
			panel.element.hidden = at < open.length - fits || !this.#parts.list.hidden;
		}
		if (this.#isDock) kept.put("dock", open);
		this.toggleAttribute("open", this.isOpen && this.#parts.list.hidden);
		const isShown = !this.#parts.list.hidden || this.isOpen;
		this.#parts.toggle.setAttribute("aria-expanded", String(isShown));
		this.#parts.toggle.title = this.#say(isShown ? "close" : "open");
		this.#seen();
	}

	/** From nothing to the conversations, or the only one; and back. */
	#toggle() {
		const { list } = this.#parts;
		if (!list.hidden) list.hidden = true;
		else if (this.#rooms.length > 1) list.hidden = false;
		else if (this.isOpen) this.isOpen = false;
		else return this.open(this.room);
		this.#arrange();
		list.querySelector("button")?.focus();
	}

	/** @param {KeyboardEvent} event */
	#listKey(event) {
		if (event.key !== "Escape") return;
		this.#toggle();
		this.#parts.toggle.focus();
	}

	/** @param {import("./types.d.ts").HubRoom[]} rooms */
	#listed(rooms) {
		this.#rooms = rooms;
		drawRooms(this.#parts.list, rooms, { say: this.#say, open: (name) => this.open(name) });
		this.#seen();
	}

	/** What is in front of the person has been read. */
	#seen() {
		for (const { name, unread } of this.#rooms) {
			const isSeen = this.#panels.get(name)?.element.checkVisibility() && !document.hidden;
			if (isSeen && unread > 0) this.#shared?.post({ type: "read", room: name });
		}
		const unread = this.#rooms.reduce((sum, room) => sum + room.unread, 0);
		const { badge, hint } = this.#parts;
		badge.hidden = unread === 0;
		badge.textContent = counted(unread);
		hint.textContent = unread > 0 ? ` ${this.#say("unread", { count: unread })}` : "";
		if (this.hasAttribute("count-in-title")) countInTitle(unread > 0 ? counted(unread) : "");
	}
}

if (!customElements.get("chat-widget")) customElements.define("chat-widget", ChatWidget);
