// Asks for the word that lets people into a room for some only.

import { openDialog } from "./dialog.js";
import { element } from "./dom.js";
import { smallForm } from "./moderation/parts.js";
import { loadTexts, text } from "./texts.js";

await loadTexts("conversations");

/** @param {(password: string) => void} enter */
export function openPasswordDialog(enter) {
	return openDialog(text("passwordTitle"), (close) => {
		const password = element("input", { id: "enter-password", type: "password", autocomplete: "current-password" });
		const act = async () => {
			close();
			enter(password.value);
		};
		const button = { className: "primary", key: "rejoin", act };
		return smallForm("enter-form", text("passwordNeeded"), [["passwordWord", password]], button);
	});
}
