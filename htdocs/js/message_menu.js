// What can be done with a message: answer it, copy it, share its address; for moderators, remove it. Loaded when it is
// first opened: by the message's time, on a touch screen by the message itself, or by the keyboard.

import { messageAddress } from "./addresses.js";
import { copyText } from "./clipboard.js";
import { element } from "./dom.js";
import { Menu } from "./menu.js";
import { loadTexts, text } from "./texts.js";

await loadTexts("moderation");

/** As much of a message as an answer to it repeats. */
const MAX_QUOTED = 60;
/** How long a button says that it has copied. */
const COPIED_MS = 700;

const menu = new Menu("message-menu");

/**
 * @param {Entry} record
 * @param {HTMLElement} place
 * @param {{ room: string, isMine: boolean, moderator: boolean }} reader
 * @param {MessageActions} actions
 */
export function openMessageMenu(record, place, { room, isMine, moderator }, actions) {
	const kept = record.type !== "whisper";
	const words = record.text ?? "";
	menu.open(text("messageActions"), place, [
		!isMine && kept && menu.item(text("reply"), () => actions.answer(quoted(record.from, words))),
		!isMine && menu.item(text("whisper"), () => actions.whisper(record.from, record.person)),
		copying("copyText", words),
		kept && copying("copyLink", messageAddress(room, record.id)),
		!isMine && kept && menu.item(text("report"), () => actions.report(record.id, record.from)),
		!isMine && moderator && menu.item(text("moderate"), () => actions.moderate(record.from)),
		kept && moderator && menu.item(text("redact"), () => actions.command(`/redact ${record.id}`), "danger"),
	]);
}

/** @param {string} key @param {string} words */
function copying(key, words) {
	const button = element("button", { type: "button" }, text(key));
	button.addEventListener("click", async () => {
		await copyText(words, button);
		button.textContent = text("copied");
		setTimeout(() => menu.close(), COPIED_MS);
	});
	return button;
}

/**
 * `@bob “the words” – `, so that also old pages and other programs show what is answered. Not `bob: …`: old pages take
 * that for a private line and hide it from the others.
 * @param {string} from
 * @param {string} words
 */
function quoted(from, words) {
	const letters = [...words];
	const cut = letters.length > MAX_QUOTED ? `${letters.slice(0, MAX_QUOTED - 1).join("")}…` : words;
	return `@${from} “${cut}” –`;
}
