// What the views are made of: tables, fields, dialogs, and the line that says what was done.

import { byId, element } from "/chat/js/dom.js";
import { AskError, doDeed } from "./ask.js";

/** How long it is shown what was done. */
const TOLD_MS = 8_000;
let toldClock = 0;

/** Says what was done, to screen readers too. @param {string} words */
export function tell(words) {
	byId("told").textContent = words;
	clearTimeout(toldClock);
	toldClock = window.setTimeout(() => byId("told").replaceChildren(), TOLD_MS);
}

/**
 * The head of a view.
 * @param {string} title
 * @param {...(Child | Child[])} beside
 */
export const head = (title, ...beside) =>
	element("div", { class: "head" }, element("h1", { id: "title", tabindex: "-1" }, title), ...beside);

/**
 * @typedef {{ label: string, number?: boolean, class?: string, hidden?: boolean,
 *   cell: (row: any) => Child | Child[] }} Column
 */

/**
 * A table; on a phone each row is a card, whose cells say what they are. The roles are said, since browsers take them
 * from what is no table in its look.
 * @param {string} label
 * @param {Column[]} columns
 * @param {any[]} rows
 * @param {string} empty What is said where there are none.
 */
export function table(label, columns, rows, empty) {
	if (rows.length === 0) return element("p", { class: "empty card" }, empty);
	const style = (/** @type {Column} */ column) => (column.number ? "number" : column.class);
	const heads = columns.map((column) =>
		element(
			"th",
			{ scope: "col", role: "columnheader", class: style(column) },
			column.hidden ? element("span", { class: "visually-hidden" }, column.label) : column.label,
		),
	);
	const body = rows.map((row) =>
		element(
			"tr",
			{ role: "row" },
			columns.map((column) =>
				element(
					"td",
					{ role: "cell", class: style(column), "data-label": column.hidden ? null : column.label },
					column.class === "actions" ? element("div", { class: "deeds" }, column.cell(row)) : wrapped(column.cell(row)),
				),
			),
		),
	);
	return element(
		"table",
		{ class: "table", role: "table", "aria-label": label },
		element("thead", { role: "rowgroup" }, element("tr", { role: "row" }, heads)),
		element("tbody", { role: "rowgroup" }, body),
	);
}

/** One child, so that a card's grid has two columns. @param {Child | Child[]} content */
function wrapped(content) {
	return Array.isArray(content) && content.length !== 1 ? content : element("span", {}, content);
}

/** A moment of the server's, in the reader's own time. @param {string | null | undefined} id */
export function moment(id) {
	if (!id) return "–";
	const time = new Date(id);
	const shown = Number.isNaN(time.getTime())
		? id
		: time.toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
	return element("time", { datetime: id, title: id }, shown);
}

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** @param {number} count */
export function bytes(count) {
	let unit = 0;
	while (count >= 1024 && unit < UNITS.length - 1) {
		count /= 1024;
		unit += 1;
	}
	return `${count.toFixed(count < 10 && unit > 0 ? 1 : 0)} ${UNITS[unit]}`;
}

let fields = 0;

/**
 * @param {string} label
 * @param {HTMLElement} input
 * @param {string} [hint]
 */
export function field(label, input, hint) {
	fields += 1;
	input.id ||= `field-${fields}`;
	const below = hint ? element("span", { class: "hint", id: `${input.id}-hint` }, hint) : null;
	if (below) input.setAttribute("aria-describedby", below.id);
	return element("div", { class: "field" }, element("label", { for: input.id }, label), input, below);
}

/** @param {string} name @param {[string, string][]} options Values and words. */
export const choice = (name, options) =>
	element(
		"select",
		{ name },
		options.map(([value, words]) => element("option", { value }, words)),
	);

/**
 * A form whose button does something; what goes wrong is said in it.
 * @param {Record<string, any>} attributes
 * @param {Child[]} content
 * @param {{ button: HTMLElement[], send: (values: Record<string, string>) => Promise<void> }} options
 */
export function form(attributes, content, { button, send }) {
	const wrong = element("p", { class: "bad", role: "alert" });
	const made = element(
		"form",
		{ method: "post", ...attributes },
		...content,
		wrong,
		element("div", { class: "row end" }, ...button),
	);
	made.addEventListener("submit", async (event) => {
		event.preventDefault();
		wrong.textContent = "";
		const values = /** @type {Record<string, string>} */ (Object.fromEntries(new FormData(made)));
		const buttons = made.querySelectorAll("button");
		for (const it of buttons) it.disabled = true;
		try {
			await send(values);
		} catch (error) {
			wrong.textContent = wordsOf(error);
		}
		for (const it of buttons) it.disabled = false;
	});
	return made;
}

/** @param {unknown} error */
export const wordsOf = (error) => (error instanceof AskError ? error.message : String(error));

/**
 * A dialog that is answered: gives whether `send` was done.
 * @param {{ title: string, content: Child[], go: string, danger?: boolean,
 *   send: (values: Record<string, string>) => Promise<void> }} options
 * @returns {Promise<boolean>}
 */
export function answered({ title, content, go, danger, send }) {
	return new Promise((resolve) => {
		let isDone = false;
		const dialog = element("dialog", { "aria-labelledby": "dialog-title" });
		const cancel = element("button", { type: "button", onclick: () => dialog.close() }, "Cancel");
		const button = element("button", { class: danger ? "danger" : "primary", id: "go" }, go);
		const made = form({ class: "form" }, content, {
			button: [cancel, button],
			send: async (values) => {
				await send(values);
				isDone = true;
				dialog.close();
			},
		});
		dialog.append(element("h2", { id: "dialog-title" }, title), made);
		dialog.addEventListener("close", () => {
			dialog.remove();
			resolve(isDone);
		});
		document.body.append(dialog);
		dialog.showModal();
		const first = made.querySelector("input, select, textarea");
		/** @type {HTMLElement} */ (first ?? cancel).focus();
	});
}

/**
 * A button that does something after it was confirmed.
 * @param {string} words
 * @param {{ deed: string, values: object, title: string, about?: string, danger?: boolean, content?: Child[],
 *   label?: string, done: (done: { text: string, value: any }) => void }} options
 */
export function deedButton(words, { deed, values, title, about, danger, content = [], label, done }) {
	const open = () =>
		answered({
			title,
			go: words,
			danger,
			content: [about ? element("p", {}, about) : null, ...content],
			send: async (filled) => {
				const answer = await doDeed(deed, { ...values, ...filled });
				tell(answer.text);
				done(answer);
			},
		});
	return element(
		"button",
		{ type: "button", class: danger ? "danger" : null, "aria-label": label, onclick: open },
		words,
	);
}

/**
 * Shows those rows alone that hold what is typed.
 * @param {string} label
 * @param {HTMLElement} list
 */
export function filter(label, list) {
	const input = element("input", { type: "search", "aria-label": label, placeholder: label });
	input.addEventListener("input", () => {
		const wanted = input.value.toLowerCase();
		for (const row of list.querySelectorAll("tbody tr")) {
			/** @type {HTMLElement} */ (row).hidden = !row.textContent?.toLowerCase().includes(wanted);
		}
	});
	return input;
}
