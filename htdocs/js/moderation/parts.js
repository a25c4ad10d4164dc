// What the dialogs of moderation are made of.

import { field } from "../field.js";
import { element } from "../dom.js";
import { loadTexts, text } from "../texts.js";

await loadTexts("moderation");

/** Times as commands take them; "" is for good, or all of it. @type {[string, string][]} */
export const TIMES = [
	["10m", "tenMinutes"],
	["1h", "oneHour"],
	["1d", "oneDay"],
	["1w", "oneWeek"],
];

/** @param {[string, string][]} choices Values, and the keys of their words. @param {string} id */
export function choice(choices, id) {
	const options = choices.map(([value, key]) => element("option", { value }, text(key)));
	return element("select", { id }, options);
}

/** Where a form says what became of it. */
export const statusLine = () => element("p", { class: "status", role: "status" });

/**
 * Does it, says what went wrong, and says "done".
 * @param {HTMLElement} status
 * @param {() => Promise<unknown>} act
 * @returns {Promise<boolean>} Whether it was done.
 */
export async function attempt(status, act) {
	status.textContent = "";
	try {
		await act();
		status.classList.remove("bad");
		status.textContent = text("modDone");
		return true;
	} catch (error) {
		status.classList.add("bad");
		status.textContent = error instanceof Error ? error.message : String(error);
		return false;
	}
}

/**
 * A form with one button.
 * @param {string} id
 * @param {string} title
 * @param {(HTMLElement | [string, HTMLElement])[]} fields
 * @param {{ className: string, key: string, act: () => Promise<unknown> }} button
 */
export function smallForm(id, title, fields, { className, key, act }) {
	const status = statusLine();
	const onsubmit = (/** @type {Event} */ event) => {
		event.preventDefault();
		attempt(status, act);
	};
	const rows = fields.map((row) => (Array.isArray(row) ? field(text(row[0]), row[1]) : row));
	return element(
		"form",
		{ class: "form part", id, onsubmit },
		element("h3", {}, title),
		rows,
		element("div", { class: "form-actions" }, element("button", { class: className }, text(key))),
		status,
	);
}
