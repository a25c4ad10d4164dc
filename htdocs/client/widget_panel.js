// One conversation: who is there, what is said, and the field to write in.

import { kept } from "./widget_kept.js";
import { element } from "./widget_line.js";
import { WidgetLog } from "./widget_log.js";

/** Records of history that are shown at first, and with each press of the button for more. */
export const PAGE = 50;
/** More names are not listed. */
const MAX_LISTED = 200;

export class WidgetPanel {
	#uses;
	/** @type {Record<string, any>} */
	#parts;
	#log;
	#me = { name: "", account: undefined };
	/** Up to where records are shown. */
	#last = "";
	/** @type {import("./types.d.ts").Person[]} */
	#members = [];
	/** The whole of it. @type {HTMLElement} */
	element;
	room;

	/** @param {string} room @param {import("./types.d.ts").PanelUses} uses */
	constructor(room, uses) {
		this.room = room;
		this.#uses = uses;
		const { say, close } = uses;
		/** @type {Record<string, any>} */
		const parts = (this.#parts = {
			title: element("h2", {}, room),
			count: element("button", {
				type: "button",
				class: "quiet",
				"aria-expanded": "false",
				click: () => this.#showPeople(parts.people.hidden),
			}),
			people: element("ul", { class: "people", hidden: true, "aria-label": say("who") }),
			state: element("p", { class: "state", role: "status" }),
			rename: element("button", { type: "button", class: "quiet", click: () => this.#askName(true) }),
			name: element("input", { maxlength: "32", autocomplete: "nickname", "aria-label": say("name") }),
			earlier: element(
				"button",
				{ type: "button", class: "earlier", hidden: true, click: () => this.#older() },
				say("earlier"),
			),
			list: element("div", { class: "list", role: "log", "aria-live": "polite", "aria-label": say("chat") }),
			pending: element("div", { class: "pending" }),
			field: element("textarea", { rows: "1", "aria-label": say("message"), keydown: (event) => this.#key(event) }),
		});
		const scroller = element("div", { class: "scroller", tabindex: "0", role: "group", "aria-label": say("messages") });
		scroller.append(parts.earlier, parts.list, parts.pending);
		parts.naming = element(
			"form",
			{ hidden: true, submit: (event) => this.#named(event) },
			parts.name,
			element("button", { class: "main" }, say("save")),
		);
		parts.writing = element(
			"form",
			{ submit: (event) => this.#submit(event) },
			parts.field,
			element("button", { class: "main" }, say("send")),
		);
		const shut =
			close &&
			element("button", { type: "button", class: "quiet shut", "aria-label": say("close"), click: close }, "×");
		this.element = element(
			"section",
			{ class: "panel", "aria-label": room, keydown: (event) => this.#escape(event) },
			element("header", {}, parts.title, parts.count, parts.rename, ...(shut ? [shut] : [])),
			parts.people,
			parts.naming,
			parts.state,
			scroller,
			parts.writing,
		);
		this.#log = new WidgetLog(parts.list, scroller, say);
		parts.field.value = kept.get(this.#draft) ?? "";
		parts.field.addEventListener("input", () => kept.set(this.#draft, parts.field.value));
		scroller.addEventListener("scroll", () => kept.set(this.#place, this.#log.place), { passive: true });
	}

	get #draft() {
		return `draft.${this.room}`;
	}

	get #place() {
		return `place.${this.room}`;
	}

	/** What the hub says about this room. @param {import("./types.d.ts").HubMessage} message */
	take(message) {
		if (message.type === "room") this.#told(message);
		else if (message.type === "entered") this.#ask();
		else if (message.type === "page") this.#paged(message);
		else if (message.type === "record") this.#record(message.record);
		else if (message.type === "note") this.#note(message.note);
	}

	/** There is a hub: it knows nothing of this room's being shown. */
	ready() {
		this.#uses.post({ type: "enter", room: this.room, limit: PAGE });
	}

	/** @param {string} state */
	state(state) {
		this.#parts.state.hidden = state === "open";
		if (state !== "open") this.#parts.state.textContent = this.#uses.say(state);
	}

	focus() {
		this.#parts.field.focus();
	}

	/** What was written and is not known to have arrived. @param {{ text: string }[]} messages */
	pending(messages) {
		const note = this.#uses.say("sending");
		const isAtEnd = this.#log.isAtEnd;
		this.#parts.pending.replaceChildren(
			...messages.map(({ text }) => element("p", { class: "line note" }, `${text} (${note})`)),
		);
		if (isAtEnd) this.#log.toEnd();
	}

	/** Not sent, for good. @param {string} text @param {string} reason */
	failed(text, reason) {
		this.#note({ type: "error", text: this.#uses.say("failed", { reason }) });
		const { field } = this.#parts;
		// Nothing that was written is lost; what was begun meanwhile comes first.
		if (field.value) this.#note({ type: "error", text });
		else {
			field.value = text;
			kept.set(this.#draft, text);
		}
	}

	#ask() {
		this.#uses.post({ type: "history", room: this.room, limit: PAGE });
	}

	/** @param {any} told */
	#told({ called, me, topic, members }) {
		const { title, count, field, rename } = this.#parts;
		const { say } = this.#uses;
		this.#me = me;
		this.#members = members;
		title.textContent = called;
		title.title = topic;
		this.element.setAttribute("aria-label", called);
		count.textContent = say("people", { count: members.length });
		field.placeholder = say("placeholder", { name: me.name });
		rename.textContent = me.name;
		rename.setAttribute("aria-label", say("rename", { name: me.name }));
		// Who is logged in is called what the site calls them.
		rename.hidden = Boolean(me.account);
		if (!this.#parts.people.hidden) this.#drawPeople();
	}

	/** @param {any} message */
	#paged({ before, page }) {
		this.#parts.earlier.hidden = !page.more;
		if (before) {
			this.#log.addOlder(page.records, this.#me.name);
			return;
		}
		const place = this.#last ? this.#log.place : kept.get(this.#place);
		this.#log.clear();
		for (const record of page.records) this.#log.add(record, this.#me.name);
		this.#last = page.records.at(-1)?.id ?? this.#last;
		this.#log.goTo(place ?? "");
	}

	/** @param {any} record */
	#record(record) {
		// The page of history had it.
		if (record.id <= this.#last) return;
		this.#last = record.id;
		this.#log.add(record, this.#me.name);
	}

	/** @param {any} message */
	#note(message) {
		const text = message.text || (message.type === "parted" && this.#uses.say("closed"));
		if (message.type === "gap") this.#log.add({ type: "notice", text: this.#uses.say("gap") }, "");
		else if (message.type === "parted") this.#log.add({ type: "notice", text }, "");
		else this.#log.add(message, this.#me.name);
	}

	#older() {
		const before = this.#log.oldest;
		if (before) this.#uses.post({ type: "history", room: this.room, before, limit: PAGE });
	}

	/** @param {boolean} isShown */
	#showPeople(isShown) {
		this.#parts.people.hidden = !isShown;
		this.#parts.count.setAttribute("aria-expanded", String(isShown));
		if (isShown) this.#drawPeople();
	}

	#drawPeople() {
		const others = this.#members.filter(({ name }) => name !== this.#me.name).slice(0, MAX_LISTED);
		const { talkTo } = this.#uses;
		const rows = others.map((person) => {
			const click = () => {
				this.#showPeople(false);
				talkTo?.(person);
			};
			const talk = talkTo && { type: "button", class: "quiet", click };
			return element("li", {}, talk ? element("button", talk, person.name) : person.name);
		});
		this.#parts.people.replaceChildren(...(rows.length > 0 ? rows : [element("li", {}, this.#uses.say("alone"))]));
	}

	/** @param {boolean} isAsked */
	#askName(isAsked) {
		const { naming, name } = this.#parts;
		naming.hidden = !isAsked;
		if (!isAsked) return this.focus();
		name.value = this.#me.name;
		name.select();
	}

	/** @param {Event} event */
	#named(event) {
		event.preventDefault();
		const name = this.#parts.name.value.trim();
		if (name) {
			kept.set("name", name);
			this.#uses.post({ type: "rename", name });
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
		else if (!this.#parts.people.hidden) {
			this.#showPeople(false);
			this.#parts.count.focus();
		} else this.#uses.close?.();
	}

	/** @param {Event} event */
	#submit(event) {
		event.preventDefault();
		const { field } = this.#parts;
		const text = field.value.trim();
		if (!text) return;
		if (!this.#uses.send(this.room, text)) {
			this.#note({ type: "error", text: this.#uses.say("full") });
			return;
		}
		field.value = "";
		kept.delete(this.#draft);
		this.#log.toEnd();
	}
}
