// Answers or edits a message in a dialog, where the composer does not: it stays open until the server has taken it.

import { randomId } from "../../client/random_id.js";
import { openDialog } from "../dialog.js";
import { element } from "../dom.js";
import { hasText, text } from "../texts.js";
import { beginningOf } from "./reply_line.js";

/** @param {"reply" | "edit"} kind @param {Entry} record @param {Room} room */
export function openWriteDialog(kind, record, room) {
	const isEdit = kind === "edit";
	const field = element("textarea", { rows: 4, dir: "auto", "aria-label": text(kind) });
	field.value = isEdit ? (record.text ?? "") : "";
	const status = element("p", { class: "status bad", role: "status" });
	openDialog(text(kind), (close) => {
		const send = () => {
			const about = isEdit ? { type: "edit", target: record.id } : { type: "say", reply: record.id, literal: true };
			if (field.value.trim())
				ask(room, { ...about, text: field.value }, close, (words) => (status.textContent = words));
		};
		field.addEventListener("keydown", (event) => {
			if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
			event.preventDefault();
			send();
		});
		const button = element(
			"button",
			{ type: "button", class: "primary", onclick: send },
			text(isEdit ? "save" : "send"),
		);
		return [
			!isEdit && element("blockquote", { class: "about-message", dir: "auto" }, beginningOf(record)),
			element("div", { class: "form" }, field, status, element("div", { class: "form-actions" }, button)),
		].filter((part) => part !== false);
	});
	field.focus();
}

/** @param {Room} room @param {Message} message @param {() => void} taken @param {(words: string) => void} refused */
function ask(room, message, taken, refused) {
	const msgid = randomId();
	const listen = (/** @type {Message} */ answer) => {
		if (answer.msgid !== msgid || !["ack", "error"].includes(answer.type)) return false;
		room.listeners.delete(listen);
		if (answer.type === "ack") taken();
		else refused(hasText(`error_${answer.code}`) ? text(`error_${answer.code}`) : answer.text);
		return true;
	};
	room.listeners.add(listen);
	if (room.isWelcome && room.send({ ...message, msgid })) return;
	room.listeners.delete(listen);
	refused(text("notNow"));
}
