// A form of an account's page: fields, a line for what went wrong, a button.

import { roomAddress, tidyRoom, parameter } from "../addresses.js";
import { byId, element } from "../dom.js";
import { errorWords } from "../error_words.js";
import { field } from "../field.js";
import { greet, openPage } from "../frame.js";
import { askServer } from "../server.js";
import { loadTexts, text } from "../texts.js";

/** What is behind the `#`, which no server is told: a word of a link. */
export const secrets = new URLSearchParams(location.hash.slice(1));

/**
 * Opens the page; gives who is here.
 * @param {string} titleKey
 */
export async function openAccountPage(titleKey) {
	// A page in history is not to show what a link lets do.
	if (location.hash) history.replaceState(null, "", location.pathname + location.search);
	await openPage(titleKey);
	await loadTexts("accounts");
	document.title = `${text(titleKey)} – ${text("appName")}`;
	return greet();
}

/**
 * @param {string} id
 * @param {string} label
 * @param {Record<string, string>} kind As `autocomplete` and `type`.
 * @param {string} [hint]
 */
export function input(id, label, kind, hint) {
	const made = element("input", { id, name: id, required: true, maxlength: "256", spellcheck: "false", ...kind });
	return field(label, made, hint);
}

/** @param {string} id @returns {string} */
export const valueOf = (id) => /** @type {HTMLInputElement} */ (byId(id)).value;

/**
 * Shows a form in place of what the page holds.
 * @param {{ title: string, lead?: string, fields: HTMLElement[], button: string, below?: HTMLElement[],
 *   send: () => Promise<void> }} options
 */
export function showForm({ title, lead, fields, button, below = [], send }) {
	const status = element("p", { class: "status bad", id: "account-status", role: "alert" });
	const go = element("button", { class: "primary", id: "account-go" }, button);
	const form = element(
		"form",
		{ class: "card form", id: "account-form", method: "post", novalidate: true },
		...fields,
		status,
		element("div", { class: "form-actions" }, go),
	);
	form.addEventListener("submit", async (event) => {
		event.preventDefault();
		const empty = fields.map((node) => node.querySelector("input")).find((node) => node && !node.value);
		if (empty) {
			status.textContent = text("fieldMissing");
			empty.focus();
			return;
		}
		/** @type {HTMLButtonElement} */ (go).disabled = true;
		status.textContent = "";
		try {
			await send();
		} catch (error) {
			status.textContent = errorWords(error);
		}
		/** @type {HTMLButtonElement} */ (go).disabled = false;
	});
	const head = element("div", {}, element("h1", {}, title), lead ? element("p", { class: "lead" }, lead) : null);
	byId("content").replaceChildren(head, form, ...below);
	fields[0]?.querySelector("input")?.focus();
}

/** @param {string} path @param {object} body @returns {Promise<Session>} */
export const askAccount = (path, body) => askServer(`account/${path}`, { method: "POST", body });

/** Into the room that they came from, or to the first page. */
export function goOn() {
	const room = tidyRoom(parameter("room"));
	location.assign(room ? roomAddress(room) : "./");
}

/** A way to another page of accounts, with the room that waits. @param {string} page @param {string} words */
export function wayTo(page, words) {
	return element("a", { href: page + location.search }, words);
}
