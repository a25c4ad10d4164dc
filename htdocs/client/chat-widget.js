// <chat-widget room="lobby">: a room of the chat on any page. docs/embedding.md.

import { ChatClient } from "./chat-client.js";
import { WidgetLog } from "./widget_log.js";
import { element } from "./widget_line.js";
import { widgetSheet } from "./widget_style.js";
import { words } from "./widget_texts.js";

/** Records of history that are shown at first, and with each press of the button for more. */
const PAGE = 50;
/** Of a count: more is not counted. */
const MAX_COUNT = 99;

/** @type {CSSStyleSheet | undefined} */
let sheet;

/** A browser's storage, which may be off or full: then the widget only forgets. */
const kept = {
	get(/** @type {string} */ key) {
		try {
			return globalThis.localStorage.getItem(`chat-widget.${key}`);
		} catch {
			return null;
		}
	},
	set(/** @type {string} */ key, /** @type {string} */ value) {
		try {
			globalThis.localStorage.setItem(`chat-widget.${key}`, value);
		} catch {
			// It is forgotten with the page.
		}
	},
	delete(/** @type {string} */ key) {
		try {
			globalThis.localStorage.removeItem(`chat-widget.${key}`);
		} catch {
			// There is nothing.
		}
	},
};

export class ChatWidget extends HTMLElement {
	/** @type {ChatClient | null} */
	#client = null;
	/** @type {import("./chat-client.js").Room | null} */
	#room = null;
	#unread = 0;
	#say = words("en");
	/** @type {Record<string, any>} */
	#parts = {};
	/** @type {WidgetLog | null} */
	#log = null;
	/** Ends what listens to the page. */
	#stay = new AbortController();

	connectedCallback() {
		if (this.#client) return;
		this.#say = words(this.lang || document.documentElement.lang || navigator.language);
		if (!this.shadowRoot) this.#draw();
		this.#stay = new AbortController();
		document.addEventListener("visibilitychange", () => this.#seen(), { signal: this.#stay.signal });
		this.#connect();
	}

	disconnectedCallback() {
		this.#stay.abort();
		this.#client?.close();
		this.#client = this.#room = null;
	}

	/** The room's name. */
	get room() {
		return this.getAttribute("room") || "lobby";
	}

	/** Whether its messages are in sight; without `dock` they always are. */
	get isOpen() {
		return !this.hasAttribute("dock") || kept.get("open") === "yes";
	}

	set isOpen(isOpen) {
		kept.set("open", isOpen ? "yes" : "no");
		this.#shown();
	}

	#draw() {
		const say = this.#say;
		const root = this.attachShadow({ mode: "open" });
		root.adoptedStyleSheets = [(sheet ??= widgetSheet())];
		/** @type {Record<string, any>} */
		const parts = (this.#parts = {
			badge: element("span", { class: "badge", hidden: true }),
			hint: element("span", { class: "aside" }),
			title: element("h2", {}, this.room),
			count: element("span", { class: "count" }),
			state: element("p", { class: "state", role: "status" }),
			rename: element("button", { type: "button", click: () => this.#askName(true) }),
			name: element("input", { maxlength: "32", autocomplete: "nickname", "aria-label": say("name") }),
			earlier: element("button", { type: "button", class: "earlier", click: () => this.#older() }, say("earlier")),
			list: element("div", { class: "list", role: "log", "aria-live": "polite", "aria-label": say("chat") }),
			field: element("textarea", { rows: "1", "aria-label": say("message"), keydown: (event) => this.#key(event) }),
		});
		const scroller = element("div", { class: "scroller", tabindex: "0", role: "group", "aria-label": say("chat") });
		scroller.append(parts.earlier, parts.list);
		Object.assign(parts, {
			toggle: element(
				"button",
				{ type: "button", class: "toggle main", click: () => (this.isOpen = !this.isOpen) },
				element("span", {}, say("chat")),
				parts.badge,
				parts.hint,
			),
			naming: element(
				"form",
				{ hidden: true, submit: (event) => this.#named(event) },
				parts.name,
				element("button", { class: "main" }, say("save")),
			),
			writing: element(
				"form",
				{ submit: (event) => this.#submit(event) },
				parts.field,
				element("button", { class: "main" }, say("send")),
			),
		});
		parts.panel = element(
			"section",
			{ class: "panel", "aria-label": say("chat"), keydown: (event) => this.#escape(event) },
			element("header", {}, parts.title, parts.count, parts.rename),
			parts.naming,
			parts.state,
			scroller,
			parts.writing,
		);
		root.append(parts.panel, parts.toggle);
		parts.field.value = kept.get(`draft.${this.room}`) ?? "";
		parts.field.addEventListener("input", () => kept.set(`draft.${this.room}`, parts.field.value));
		this.#log = new WidgetLog(parts.list, scroller, say);
	}

	#connect() {
		const server = this.getAttribute("server") ?? new URL("../", import.meta.url).href;
		const nick = this.getAttribute("nick") || kept.get("name") || undefined;
		const client = (this.#client = new ChatClient({ servers: server.split(/\s+/u), nick, storage: kept }));
		client.on("state", ({ state }) => this.#state(state));
		const room = (this.#room = client.enter(this.room, { history: PAGE }));
		room.on("welcome", (welcome) => this.#welcomed(welcome));
		room.on("history", ({ records, more }) => {
			this.#log?.clear();
			for (const record of records) this.#log?.add(record, room.me.name);
			this.#parts.earlier.hidden = !more;
			this.#log?.toEnd();
			this.#seen();
		});
		room.on("members", (members) => {
			this.#parts.count.textContent = this.#say("people", { count: members.size });
			this.#me();
		});
		room.on("record", (record) => this.#arrived(record));
		room.on("whisper", (message) => this.#arrived(message));
		room.on("you", () => this.#me());
		for (const event of ["info", "notice", "error"]) room.on(event, (message) => this.#note(message));
		room.on("parted", ({ text = "" }) => this.#note({ type: "notice", text: text || this.#say("closed") }));
		this.#shown();
		client.connect();
	}

	/** @param {import("./types.d.ts").State | "open"} state */
	#state(state) {
		this.#parts.state.hidden = state === "open";
		if (state !== "open") this.#parts.state.textContent = this.#say(state);
		this.dispatchEvent(new CustomEvent("chat-state", { detail: state }));
	}

	/** @param {import("./types.d.ts").Message} welcome */
	#welcomed({ unread = 0, topic = "", room }) {
		this.#unread = unread;
		this.#parts.title.textContent = room;
		this.#parts.title.title = topic;
		this.#state("open");
		this.#me();
		this.#seen();
	}

	#me() {
		const { name = "" } = this.#room?.me ?? {};
		this.#parts.field.placeholder = this.#say("placeholder", { name });
		this.#parts.rename.textContent = name;
		this.#parts.rename.setAttribute("aria-label", this.#say("rename", { name }));
		// Who is logged in is called what the site calls them.
		this.#parts.rename.disabled = Boolean(this.#room?.me.account);
	}

	/** @param {any} record */
	#arrived(record) {
		const { name = "" } = this.#room?.me ?? {};
		const isSpoken = this.#log?.add(record, name);
		if (isSpoken && record.from !== name) this.#unread += 1;
		this.#seen();
		this.dispatchEvent(new CustomEvent("chat-record", { detail: record }));
	}

	/** @param {any} message */
	#note(message) {
		this.#log?.add(message, this.#room?.me.name ?? "");
	}

	/** What is in front of the person has been read. */
	#seen() {
		if (this.isOpen && !document.hidden && this.#unread > 0 && this.#room?.read()) this.#unread = 0;
		const { badge, hint } = this.#parts;
		badge.hidden = this.isOpen || this.#unread === 0;
		badge.textContent = this.#unread > MAX_COUNT ? `${MAX_COUNT}+` : String(this.#unread);
		hint.textContent = badge.hidden ? "" : ` ${this.#say("unread", { count: this.#unread })}`;
	}

	#shown() {
		const { panel, toggle } = this.#parts;
		panel.hidden = !this.isOpen;
		toggle.setAttribute("aria-expanded", String(this.isOpen));
		toggle.title = this.#say(this.isOpen ? "close" : "open");
		if (this.isOpen) this.#log?.toEnd();
		this.#seen();
	}

	async #older() {
		const before = this.#log?.oldest;
		if (!before || !this.#room) return;
		try {
			const { records, more } = await this.#room.history({ before, limit: PAGE });
			this.#log?.addOlder(records, this.#room.me.name);
			this.#parts.earlier.hidden = !more;
		} catch {
			// There is no connection: the button stays.
		}
	}

	/** @param {boolean} isAsked */
	#askName(isAsked) {
		const { naming, name, field } = this.#parts;
		naming.hidden = !isAsked;
		if (!isAsked) return field.focus();
		name.value = this.#room?.me.name ?? "";
		name.select();
	}

	/** @param {Event} event */
	#named(event) {
		event.preventDefault();
		const name = this.#parts.name.value.trim();
		if (name) {
			kept.set("name", name);
			this.#client?.rename(name);
		}
		this.#askName(false);
	}

	/** @param {KeyboardEvent} event */
	#key(event) {
		if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
		event.preventDefault();
		this.#parts.writing.requestSubmit();
	}

	/** @param {KeyboardEvent} event */
	#escape(event) {
		if (event.key !== "Escape") return;
		if (!this.#parts.naming.hidden) this.#askName(false);
		else if (this.hasAttribute("dock")) {
			this.isOpen = false;
			this.#parts.toggle.focus();
		}
	}

	/** @param {Event} event */
	#submit(event) {
		event.preventDefault();
		const { field } = this.#parts;
		const text = field.value.trim();
		if (!text || !this.#room) return;
		field.value = "";
		kept.delete(`draft.${this.room}`);
		this.#log?.toEnd();
		this.#room.send(text).catch(({ message }) => {
			this.#note({ type: "error", text: this.#say("failed", { reason: message }) });
			// Nothing that was written is lost; what was begun meanwhile comes first.
			if (!field.value) field.value = text;
		});
	}
}

if (!customElements.get("chat-widget")) customElements.define("chat-widget", ChatWidget);
