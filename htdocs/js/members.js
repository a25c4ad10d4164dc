// Who is in the room: told once by the welcome, then by what changes.

import { nameColor } from "./colors.js";
import { byId, element, icon } from "./dom.js";
import { initial } from "./initial.js";
import { isIgnored } from "./preferences.js";
import { MEMBERSHIP } from "./protocol.js";
import { language, text } from "./texts.js";

/** People drawn at once; beyond that the search field finds the others. */
const MAX_SHOWN = 300;
/** From this many on there is a search field. */
const SEARCH_FROM = 12;

export class Members {
	#me;
	#view;
	/** @type {Map<string, Person>} */
	#people = new Map();
	#scheduled = false;
	#list = byId("people-list");
	/** @type {HTMLInputElement} */
	#search = byId("people-search");

	/** @param {Me} me @param {MembersView} view */
	constructor(me, view) {
		this.#me = me;
		this.#view = view;
		this.#search.addEventListener("input", () => this.draw());
		me.addEventListener("change", () => this.draw());
	}

	/** @param {Feed} feed */
	follow(feed) {
		feed.on("welcome", ({ members = [] }) => {
			this.#people = new Map(members.map((/** @type {Person} */ person) => [person.name, person]));
			this.draw();
		});
		feed.on(MEMBERSHIP, (record) => this.#apply(record));
	}

	/** @param {Entry} record */
	#apply({ type, from, to, color, account, person: number }) {
		const person = this.#people.get(from);
		if (type === "join") this.#people.set(from, { name: from, color, account, person: number });
		else if (type === "color") this.#people.set(from, { ...person, name: from, color });
		else this.#people.delete(from);
		if (type === "nick" && to) this.#people.set(to, { ...person, name: to });
		this.draw();
	}

	get count() {
		return this.#people.size;
	}

	/** @param {string} name */
	get(name) {
		return this.#people.get(name);
	}

	/** @param {string} name */
	has(name) {
		return this.#people.has(name);
	}

	/** Everybody but the person on this page. */
	others() {
		return [...this.#people.keys()].filter((name) => name !== this.#me.name);
	}

	/** One drawing for all who come and go within a moment. */
	draw() {
		if (this.#scheduled) return;
		this.#scheduled = true;
		setTimeout(() => {
			this.#scheduled = false;
			this.#drawNow();
		}, 50);
	}

	#drawNow() {
		byId("people-count").textContent = String(this.count);
		byId("people-title").textContent = text("membersCount", { count: this.count });
		byId("people-filter").hidden = this.count < SEARCH_FROM && !this.#search.value;
		const found = this.#found();
		const focused = document.activeElement?.closest("#people-list .member")?.getAttribute("data-name");
		const rows = found.slice(0, MAX_SHOWN).map((person) => this.#row(person));
		if (found.length > MAX_SHOWN) rows.push(element("li", { class: "rest hint" }, `+ ${found.length - MAX_SHOWN}`));
		if (found.length === 0) rows.push(element("li", { class: "rest hint" }, text("nothingFound")));
		this.#list.replaceChildren(...rows);
		if (!focused) return;
		const same = this.#list.querySelector(`[data-name="${CSS.escape(focused)}"]`);
		/** @type {HTMLElement | null} */ (same)?.focus();
	}

	/** Whom the search field means, oneself first. */
	#found() {
		const wanted = this.#search.value.toLocaleLowerCase();
		const order = new Intl.Collator(language, { numeric: true, sensitivity: "base" });
		/** @param {Person} person */
		const isMe = ({ name }) => Number(name === this.#me.name);
		return [...this.#people.values()]
			.filter(({ name }) => name.toLocaleLowerCase().includes(wanted))
			.sort((a, b) => isMe(b) - isMe(a) || order.compare(a.name, b.name));
	}

	/** @param {Person} person */
	#row({ name, color, account }) {
		/** @param {string} words @param {string} picture */
		const badge = (words, picture) => element("span", { class: "badge", title: words }, icon(picture));
		const button = element(
			"button",
			{ type: "button", class: "member", "data-name": name, title: name },
			element("span", { class: "avatar", "aria-hidden": "true" }, initial(name)),
			element("bdi", {}, name),
			account && badge(text("account", { name: account }), "shield"),
			this.#view.callers.has(name) && badge(text("inCall"), "phone"),
			name === this.#me.name && element("span", { class: "side-note" }, text("you")),
		);
		button.addEventListener("click", () => this.#view.openPerson(name, button));
		button.classList.toggle("ignored", isIgnored(name));
		button.style.setProperty("--name-color", nameColor(name, color, this.#view.backdrop()));
		return element("li", {}, button);
	}
}
