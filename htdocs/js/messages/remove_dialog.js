// Asks before a message goes for good.

import { openDialog } from "../dialog.js";
import { element } from "../dom.js";
import { text } from "../texts.js";
import { beginningOf } from "./reply_line.js";

/**
 * @param {Entry} record
 * @param {boolean} isMine
 * @returns {Promise<boolean>}
 */
export function confirmRemoval(record, isMine) {
	return new Promise((done) => {
		const dialog = openDialog(text(isMine ? "removeOwnTitle" : "redact"), (close) => {
			const remove = () => {
				done(true);
				close();
			};
			return [
				element("blockquote", { class: "about-message", dir: "auto" }, beginningOf(record)),
				element("p", { class: "hint" }, text("removeHint")),
				element(
					"div",
					{ class: "form-actions" },
					element("button", { type: "button", class: "danger", onclick: remove }, text("remove")),
					element("button", { type: "button", onclick: close }, text("cancel")),
				),
			];
		});
		dialog.addEventListener("close", () => done(false));
		/** @type {HTMLElement | null} */ (dialog.querySelector("button.danger"))?.focus();
	});
}
