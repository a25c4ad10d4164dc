// What a message said before it was edited: for moderators.

import { openDialog } from "../dialog.js";
import { element } from "../dom.js";
import { language, text } from "../texts.js";
import { fullTime, timeOf } from "../times.js";

/** Not answered after that long, there is nothing to show. */
const ANSWER_MS = 10_000;

/** @param {Entry} record @param {Room} room */
export async function openFormerDialog(record, room) {
	const forms = await ask(record.id, room);
	const now = { id: record.edited ?? record.id, text: record.text };
	openDialog(text("formerTitle"), () => {
		const all = forms.at(-1)?.id === now.id ? forms : [...forms, now];
		const items = all.map(({ id, text: words = "" }) => {
			const time = element("time", { class: "hint", datetime: id }, fullTime(timeOf(id), language));
			return element("li", {}, time, element("div", { class: "former-words", dir: "auto" }, words));
		});
		return element("ol", { class: "former" }, items);
	});
}

/** @param {string} target @param {Room} room @returns {Promise<{ id: string, text?: string }[]>} */
function ask(target, room) {
	return new Promise((done) => {
		const end = (/** @type {{ id: string, text?: string }[]} */ forms) => {
			clearTimeout(timer);
			room.listeners.delete(listen);
			done(forms);
		};
		const listen = (/** @type {Message} */ message) => {
			if (message.type !== "former" || message.target !== target) return false;
			end(message.forms ?? []);
			return true;
		};
		const timer = setTimeout(() => end([]), ANSWER_MS);
		room.listeners.add(listen);
		room.messages.say({ type: "former", target });
	});
}
