// The list of people in the room that is shown.

import { nameColor } from "./colors.js";
import { byId, element, icon } from "./dom.js";
import { face, mood } from "./faces.js";
import { isProgram } from "./initial.js";
import { isIgnored } from "./preferences.js";
import { language, text } from "./texts.js";

/** People drawn at once; beyond that the search field finds the others. */
const MAX_SHOWN = 300;
/** From this many on there is a search field. */
const SEARCH_FROM = 12;

export class PeopleList {
	#view;
	/** @type {Members | null} */
	#members = null;
	#scheduled = false;
	#list = byId("people-list");
	/** @type {HTMLInputElement} */
	#search = byId("people-search");

	/** @param {PeopleView} view */
	constructor(view) {
		this.#view = view;
		this.#search.addEventListener("input", () => this.#draw());
	}

	/** Another room's. @param {Members} members */
	show(members) {
		if (this.#members !== members) this.#search.value = "";
		this.#members = members;
		this.#drawNow(members);
	}

	/** They have changed. @param {Members} members */
	draw(members) {
		if (members === this.#members) this.#draw();
	}

	/** One drawing for all who come and go within a moment. */
	#draw() {
		if (this.#scheduled) return;
		this.#scheduled = true;
		setTimeout(() => {
			this.#scheduled = false;
			if (this.#members) this.#drawNow(this.#members);
		}, 50);
	}

	/** @param {Members} members */
	#drawNow(members) {
		byId("people-count").textContent = String(members.count);
		byId("people-title").textContent = text("membersCount", { count: members.count });
		byId("people-filter").hidden = members.count < SEARCH_FROM && !this.#search.value;
		const found = this.#found(members);
		const focused = document.activeElement?.closest("#people-list .member")?.getAttribute("data-name");
		const rows = found.slice(0, MAX_SHOWN).map((person) => this.#row(person, members));
		if (found.length > MAX_SHOWN) rows.push(element("li", { class: "rest hint" }, `+ ${found.length - MAX_SHOWN}`));
		if (found.length === 0) rows.push(element("li", { class: "rest hint" }, text("nothingFound")));
		this.#list.replaceChildren(...rows);
		if (!focused) return;
		const same = this.#list.querySelector(`[data-name="${CSS.escape(focused)}"]`);
		/** @type {HTMLElement | null} */ (same)?.focus();
	}

	/** Whom the search field means, oneself first. @param {Members} members */
	#found({ all, me }) {
		const wanted = this.#search.value.toLocaleLowerCase();
		const order = new Intl.Collator(language, { numeric: true, sensitivity: "base" });
		/** @param {Person} person */
		const isMe = ({ name }) => Number(name === me.name);
		return all
			.filter(({ name }) => name.toLocaleLowerCase().includes(wanted))
			.sort((a, b) => isMe(b) - isMe(a) || order.compare(a.name, b.name));
	}

	/** @param {Person} person @param {Members} members */
	#row({ name, color, account, status }, { me, callers }) {
		/** @param {string} words @param {string} picture */
		const badge = (words, picture) => element("span", { class: "badge", title: words }, icon(picture));
		const button = element(
			"button",
			{ type: "button", class: "member", "data-name": name, title: name },
			face(name, account),
			element("bdi", {}, name),
			status && mood(status),
			account &&
				(isProgram(account)
					? element("span", { class: "badge" }, text("bot"))
					: badge(text("account", { name: account }), "shield")),
			callers.has(name) && badge(text("inCall"), "phone"),
			name === me.name && element("span", { class: "side-note" }, text("you")),
		);
		button.addEventListener("click", () => this.#view.openPerson(name, button));
		button.classList.toggle("ignored", isIgnored(name));
		button.style.setProperty("--name-color", nameColor(name, color, this.#view.backdrop()));
		return element("li", {}, button);
	}
}
