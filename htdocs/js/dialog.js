// A dialog: made when it is opened and gone when closed.

import { element, icon, loadStyle } from "./dom.js";
import { loadTexts, text } from "./texts.js";

// What all dialogs need, before one of them is made.
await Promise.all([loadTexts("dialogs"), loadStyle("css/dialogs.css")]);

/**
 * Opens a dialog named `title`.
 * @param {string} title
 * @param {(close: () => void) => HTMLElement | HTMLElement[]} build Gives its content.
 */
export function openDialog(title, build) {
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
	return dialog;
}
