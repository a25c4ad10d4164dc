// Begins a conversation of some, or a room for some only.

import { openDialog } from "./dialog.js";
import { element } from "./dom.js";
import { smallForm } from "./moderation/parts.js";
import { loadTexts, text } from "./texts.js";

await loadTexts("conversations");

/** As the server takes them. */
const MAX_TITLE = "64";

/** @param {import("./private_rooms.js").PrivateRooms} privately */
export function openConversationDialog(privately) {
	return openDialog(text("beginConversation"), (close) => {
		const people = element("input", { id: "converse-people", dir: "auto", autocomplete: "off" });
		const title = element("input", { id: "converse-title", dir: "auto", maxlength: MAX_TITLE, autocomplete: "off" });
		const history = element("input", { type: "checkbox", id: "converse-history" });
		const act = async () => {
			const names = people.value.split(",").map((name) => name.trim());
			const about = { title: title.value.trim() || undefined, history: history.checked ? "all" : undefined };
			const invited = names.filter(Boolean).map((to) => ({ to }));
			await privately.begin(invited, /** @type {{ title?: string, history?: "all" }} */ (about));
			close();
		};
		/** @type {(HTMLElement | [string, HTMLElement])[]} */
		const fields = [
			["conversePeople", people],
			["converseTitle", title],
			element("label", { class: "check" }, history, text("wholeHistory")),
		];
		const button = { className: "primary", key: "begin", act };
		return smallForm("converse-form", text("conversationHint"), fields, button);
	});
}
