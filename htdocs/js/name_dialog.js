// The dialog for one's name and color.

import { openDialog } from "./dialog.js";
import { field } from "./field.js";
import { element } from "./dom.js";
import { errorWords } from "./error_words.js";
import { drawSwatches, saveName } from "./name_form.js";
import { ServerError } from "./server.js";
import { text } from "./texts.js";

/**
 * The session keeps the name for next time; `apply` tells the room.
 * @param {{ name: string, color: string }} me
 * @param {(name: string, color: string) => void} apply
 */
export function openNameDialog(me, apply) {
	const name = element("input", {
		name: "name",
		value: me.name,
		maxlength: "64",
		dir: "auto",
		autocomplete: "nickname",
		spellcheck: "false",
	});
	const label = text("color");
	const swatches = element("div", { class: "swatches", role: "radiogroup", "aria-label": label, id: "dialog-colors" });
	const chosen = drawSwatches(swatches, me.color);
	const status = element("p", { class: "status bad", role: "alert" });
	return openDialog(text("nameTitle"), (close) => {
		const onsubmit = async (/** @type {Event} */ event) => {
			event.preventDefault();
			const wanted = name.value.trim();
			status.textContent = wanted ? "" : text("nameMissing");
			if (!wanted) {
				name.focus();
				return;
			}
			try {
				apply(await kept(wanted, chosen()), chosen());
				close();
			} catch (error) {
				status.textContent = errorWords(error);
			}
		};
		return element(
			"form",
			{ class: "form", id: "name-form", novalidate: true, onsubmit },
			field(text("name"), name, text("nameHint")),
			element("div", { class: "field" }, element("span", { class: "label" }, label), swatches),
			status,
			element(
				"div",
				{ class: "form-actions" },
				element("button", { class: "primary" }, text("save")),
				element("button", { type: "button", onclick: close }, text("cancel")),
			),
		);
	});
}

/**
 * The name as the session has it now. Without chat-cgi it holds for this visit: the room itself knows how to rename.
 * @param {string} name
 * @param {string} color
 */
async function kept(name, color) {
	try {
		return (await saveName(name, color)).name ?? name;
	} catch (error) {
		if (error instanceof ServerError && error.code === "no-server-part") return name;
		throw error;
	}
}
