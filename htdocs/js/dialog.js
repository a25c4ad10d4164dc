// A dialog: made when it is opened and gone when closed.

import { element, icon, loadStyle } from "./dom.js";
import { text } from "./texts.js";

/**
 * Opens a dialog named `title`; resolves when it is open.
 * @param {string} title
 * @param {(close: () => void) => HTMLElement | HTMLElement[]} build Gives its content.
 * @returns {Promise<void>}
 */
export async function openDialog(title, build) {
	await loadStyle("css/dialogs.css");
	const dialog = element("dialog", { "aria-label": title });
	const close = () => dialog.close();
	const label = { type: "button", class: "plain round", "aria-label": text("close"), onclick: close };
	const head = element("div", { class: "dialog-head" });
	head.append(element("h2", {}, title), element("button", label, icon("close")));
	dialog.append(head, ...[build(close)].flat());
	// A click beside it closes it, as everywhere.
	dialog.addEventListener("click", (event) => event.target === dialog && close());
	document.body.append(dialog);
	dialog.showModal();
	// What the dialog is for, not the button that ends it.
	const first = dialog.querySelector("form input, form select, .settings input, .call-choices .primary");
	if (first instanceof HTMLElement) first.focus();
	dialog.addEventListener("close", () => dialog.remove());
}

let fields = 0;

/**
 * An input with its label, and a hint below.
 * @param {string} label
 * @param {HTMLElement} input
 * @param {string} [hint]
 */
export function field(label, input, hint) {
	fields += 1;
	input.id ||= `field-${fields}`;
	const below = hint ? element("span", { class: "hint" }, hint) : null;
	return element("div", { class: "field" }, element("label", { for: input.id }, label), input, below);
}
