// Comings and goings that follow one another, as one line: "4 people came in". Pressed, it shows each of them.

import { element } from "./dom.js";
import { language, text } from "./texts.js";

/** So many are named; of more there is a number. */
const MAX_NAMED = 3;

/** @param {Entry} record */
const comesOrGoes = ({ type }) => type === "join" || type === "quit";

/**
 * What became of people in a row of comings and goings, by the key of the words that say it.
 * @param {Pick<Entry, "type" | "from">[]} records In their order.
 */
export function outcomes(records) {
	/** @type {Map<string, [first: string, last: string]>} */
	const people = new Map();
	for (const { type, from } of records) people.set(from, [people.get(from)?.[0] ?? type, type]);
	/** @type {Record<string, string[]>} */
	const found = { came: [], went: [], visited: [], returned: [] };
	for (const [name, [first, last]] of people) {
		if (first === last) found[first === "join" ? "came" : "went"].push(name);
		else found[first === "join" ? "visited" : "returned"].push(name);
	}
	return Object.entries(found).filter(([, names]) => names.length > 0);
}

/** @param {Entry[]} records */
function wordsOf(records) {
	const list = new Intl.ListFormat(language);
	/** @param {string[]} names */
	const who = (names) =>
		names.length > MAX_NAMED ? [text("severalPeople", { count: names.length })] : list.formatToParts(names).map(shown);
	return outcomes(records).flatMap(([key, names], index) => {
		const [before, after] = text(key, { names: "\n" }).split("\n");
		return [index ? " · " : "", before, ...who(names), after];
	});
}

/** A name stands apart from the writing direction around it. @param {{ type: string, value: string }} part */
const shown = ({ type, value }) => (type === "element" ? element("bdi", {}, value) : value);

/**
 * Folds every row of two and more, and unfolds what is no row any more.
 * @param {Item[]} items
 */
export function foldComings(items) {
	/** @type {Item[]} */
	let row = [];
	const end = () => {
		if (row.length > 0) fold(row);
		row = [];
	};
	for (const item of items) {
		if (item.node.hidden) continue;
		const goesOn = comesOrGoes(item.record);
		if (!goesOn || item.node.querySelector(":scope > :is(.day, .new-line)")) end();
		if (goesOn) row.push(item);
	}
	end();
}

/** Entries that a button shows and hides. @type {WeakMap<HTMLElement, HTMLElement[]>} */
const shownBy = new WeakMap();

/** @param {Item[]} row */
function fold(row) {
	const [head, ...rest] = row.map(({ node }) => node);
	for (const node of rest) node.querySelector(":scope > .comings")?.remove();
	let line = head.querySelector(":scope > .comings");
	if (rest.length === 0) line?.remove();
	else if (!line) {
		line = element("div", { class: "event comings" }, toggle());
		head.lastElementChild?.before(line);
	}
	const button = /** @type {HTMLElement | null} */ (line?.firstElementChild ?? null);
	const isFolded = rest.length > 0 && button?.getAttribute("aria-expanded") === "false";
	for (const node of [head, ...rest]) node.classList.toggle("folded", isFolded);
	if (!button) return;
	shownBy.set(button, [head, ...rest]);
	const label = element("span", {}, wordsOf(row.map(({ record }) => record)));
	// Written anew only where it says something else: it may have the focus, and is read out.
	if (button.textContent !== label.textContent) button.replaceChildren(label);
}

function toggle() {
	const onclick = () => {
		const isOpen = button.getAttribute("aria-expanded") === "true";
		button.setAttribute("aria-expanded", String(!isOpen));
		for (const node of shownBy.get(button) ?? []) node.classList.toggle("folded", isOpen);
	};
	const button = element("button", { type: "button", class: "plain", "aria-expanded": "false", onclick });
	return button;
}
