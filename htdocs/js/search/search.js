// Looks for messages in all rooms: a field, what narrows it down, and what was found. It stays as it was when it is
// opened again.

import { openDialog } from "../dialog.js";
import { element, icon, loadStyle } from "../dom.js";
import { errorWords } from "../error_words.js";
import { language, loadTexts, text } from "../texts.js";
import { longDay, timeOf } from "../times.js";
import { Asking } from "./asking.js";
import { hitNode } from "./hit_view.js";
import { inUtc, midnight, without } from "./typed.js";

await Promise.all([loadTexts("search"), loadStyle("css/search.css")]);

/** @type {Search | null} */
let search = null;

/** @param {SearchUses} uses */
export function openSearch(uses) {
	search ??= new Search();
	const shown = search;
	const dialog = openDialog(text("searchMessages"), (close) => shown.open(uses, close));
	dialog.classList.add("search");
	dialog.addEventListener("close", () => shown.stop());
}

class Search {
	/** @type {SearchUses} */
	#uses = { here: { name: "", label: "" }, labelOf: (name) => name, show: () => {} };
	#close = () => {};
	/** @type {Asking | null} */
	#asking = null;
	#count = 0;
	#field = element("input", {
		type: "search",
		id: "search-field",
		dir: "auto",
		maxlength: "200",
		autocomplete: "off",
		placeholder: text("searchWords"),
		"aria-label": text("searchWords"),
		"aria-describedby": "search-hint",
	});
	#here = toggle(() => this.#go());
	#files = toggle(() => this.#go());
	#after = this.#day("search-after");
	#before = this.#day("search-before");
	#understood = element("div", { class: "filters" });
	#status = element("p", { class: "search-status", role: "status" });
	#progress = element("progress", { max: "100", hidden: true, "aria-label": text("searchProgress") });
	#list = element("ol", { class: "hits", "aria-label": text("searchHits") });
	#more = element("button", { type: "button", hidden: true, onclick: () => this.#ask() }, text("searchMore"));
	#form = element(
		"form",
		{ class: "search-form", role: "search" },
		element(
			"div",
			{ class: "search-row" },
			this.#field,
			element("button", { class: "primary" }, icon("search"), text("search")),
		),
		element("p", { class: "hint", id: "search-hint" }, text("searchHint")),
		element("div", { class: "filters" }, this.#here, this.#files, ...this.#days()),
		this.#understood,
	);

	constructor() {
		this.#files.textContent = text("withFile");
		this.#form.addEventListener("submit", (event) => {
			event.preventDefault();
			this.#go();
		});
		this.#field.addEventListener("keydown", (event) => {
			if (event.key !== "ArrowDown") return;
			event.preventDefault();
			this.#list.querySelector("a")?.focus();
		});
		this.#list.addEventListener("keydown", (event) => this.#move(event));
	}

	/** @param {SearchUses} uses @param {() => void} close */
	open(uses, close) {
		const isElsewhere = uses.here.name !== this.#uses.here.name;
		[this.#uses, this.#close] = [uses, close];
		if (isElsewhere) this.#here.setAttribute("aria-pressed", "false");
		this.#here.replaceChildren(text("onlyIn"), " ", element("bdi", {}, uses.here.label));
		return [this.#form, this.#status, this.#progress, this.#list, this.#more];
	}

	stop() {
		if (this.#asking) this.#asking.isStopped = true;
		if (!this.#progress.hidden) this.#ended();
	}

	/** @param {string} id */
	#day(id) {
		return element("input", { type: "date", id, onchange: () => this.#go() });
	}

	#days() {
		return [
			element("label", { class: "day-filter" }, text("sinceDay"), this.#after),
			element("label", { class: "day-filter" }, text("untilDay"), this.#before),
		];
	}

	/** A new search, if there is anything to look for. */
	#go() {
		this.stop();
		const words = this.#field.value.trim();
		const isWith = (/** @type {HTMLElement} */ button) => button.getAttribute("aria-pressed") === "true";
		this.#list.replaceChildren();
		this.#understood.replaceChildren();
		this.#count = 0;
		this.#more.hidden = true;
		this.#status.textContent = "";
		if (!words && !isWith(this.#files)) return;
		/** @type {Record<string, string>} */
		const wish = { q: inUtc(words) };
		if (isWith(this.#here)) wish.room = this.#uses.here.name;
		if (isWith(this.#files)) wish.has = "file";
		const [after, before] = [midnight(this.#after.value), midnight(this.#before.value, 1)];
		if (after) wish.after = after;
		if (before) wish.before = before;
		const asking = new Asking(wish, (answer) => asking === this.#asking && this.#take(answer));
		this.#asking = asking;
		this.#ask();
	}

	async #ask() {
		const asking = this.#asking;
		if (!asking) return;
		this.#more.hidden = true;
		this.#progress.hidden = false;
		this.#progress.removeAttribute("value");
		try {
			await asking.go();
		} catch (error) {
			if (asking === this.#asking) this.#status.textContent = errorWords(error);
		}
		if (asking === this.#asking) this.#ended();
	}

	#ended() {
		this.#progress.hidden = true;
		this.#more.hidden = !this.#asking || this.#asking.isOver;
	}

	/** @param {SearchAnswer} answer */
	#take({ query, hits, cursor, percent, packed = 0 }) {
		this.#count += hits.length;
		for (const hit of hits) {
			const open = () => {
				this.#close();
				this.#uses.show(hit.room, hit.record.id);
			};
			this.#list.append(hitNode(hit, this.#uses.labelOf(hit.room), open));
		}
		this.#progress.value = percent;
		this.#drawUnderstood(query);
		const count = text(this.#count === 1 ? "oneFound" : "found", { count: this.#count });
		const found = this.#count === 0 && !cursor ? text("nothingFound") : count;
		const day = cursor ? longDay(timeOf(cursor), language) : "";
		const far = cursor ? text("searchedBack", { day, percent }) : "";
		const left = packed > 0 && !cursor ? text("packedLeftOut", { count: packed }) : "";
		this.#status.textContent = [found, far, left].filter(Boolean).join(" ");
	}

	/** What was typed as `key:value`, each to be taken away. @param {SearchAnswer["query"]} query */
	#drawUnderstood(query) {
		const keys = /** @type {("from" | "account" | "in")[]} */ (["from", "account", "in"]);
		const typed = keys.filter((key) => without(this.#field.value, key) !== this.#field.value.trim());
		this.#understood.replaceChildren(
			...typed.map((key) => {
				const value = key === "in" ? query.room : query[key];
				const words = text(`filter_${key}`, { value: value ?? "" });
				const button = element("button", { type: "button", class: "filter" }, words, icon("close"));
				button.setAttribute("aria-label", text("filterAway", { filter: words }));
				button.addEventListener("click", () => {
					this.#field.value = without(this.#field.value, key);
					this.#field.focus();
					this.#go();
				});
				return button;
			}),
		);
	}

	/** Arrows go from hit to hit, and from the first back to the field. @param {KeyboardEvent} event */
	#move(event) {
		const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
		if (!by) return;
		event.preventDefault();
		const links = [...this.#list.querySelectorAll("a")];
		const next = links.indexOf(/** @type {HTMLAnchorElement} */ (event.target)) + by;
		(links[next] ?? (next < 0 ? this.#field : this.#more)).focus();
	}
}

/** @param {() => void} changed */
function toggle(changed) {
	const button = element("button", { type: "button", class: "filter", "aria-pressed": "false" });
	button.addEventListener("click", () => {
		button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
		changed();
	});
	return button;
}
