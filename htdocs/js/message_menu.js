// What can be done with a message, as a menu. Loaded when it is first opened: by the message's time, by a long press or
// the message itself on a touch screen, by the bar, or by the keyboard.

import { element } from "./dom.js";
import { Menu } from "./menu.js";
import { does, isOwn, possible } from "./messages/deeds.js";
import { namesOf } from "./messages/reaction_row.js";
import { countOf } from "./messages/reactions.js";
import { text } from "./texts.js";

/** Those at hand; the board has the others. */
const QUICK = ["👍", "❤️", "😂", "🎉", "😮", "😢"];

const menu = new Menu("message-menu");

/** @type {[Act, string][]} */
const ITEMS = [
	["reply", "reply"],
	["edit", "edit"],
	["whisper", "whisper"],
	["copy", "copyText"],
	["link", "copyLink"],
	["pin", "pin"],
	["former", "formerForms"],
	["report", "report"],
	["moderate", "moderate"],
];

/** @param {Entry} record @param {HTMLElement} place @param {MenuActions} uses */
export function openMessageMenu(record, place, uses) {
	const { room } = uses;
	const can = possible(record, room);
	const isPinned = room.messages.pins.ids.includes(record.id);
	const isMine = isOwn(record, room);
	const items = ITEMS.filter(([act]) => can.has(act)).map(([act, key]) =>
		menu.item(text(act === "pin" && isPinned ? "unpin" : key), () => does(act, record, place, uses)),
	);
	const remove =
		can.has("remove") &&
		menu.item(text(isMine ? "removeOwn" : "redact"), () => does("remove", record, place, uses), "danger");
	menu.open(text("messageActions"), place, [
		can.has("react") && quick(record, place, uses),
		who(record),
		...items,
		remove,
	]);
}

/** @param {Entry} record @param {HTMLElement} place @param {MenuActions} uses */
function quick(record, place, uses) {
	const own = new Set(record.reactions?.filter((reaction) => reaction.own).map((reaction) => reaction.text));
	const buttons = QUICK.map((emoji) => {
		const button = menu.item(emoji, () => uses.room.messages.react(record, emoji, !own.has(emoji)), "emoji");
		button.setAttribute("aria-label", text("reactWith", { emoji }));
		button.setAttribute("aria-pressed", String(own.has(emoji)));
		return button;
	});
	const more = menu.item("+", () => does("react", record, place, uses));
	more.setAttribute("aria-label", text("react"));
	return element("div", { class: "quick", role: "group", "aria-label": text("react") }, buttons, more);
}

/** Who reacted, for whom nothing hovers. @param {Entry} record */
function who({ reactions = [] }) {
	const lines = reactions.map((reaction) =>
		element("div", {}, `${reaction.text} `, element("bdi", {}, namesOf(reaction, countOf(reaction)))),
	);
	return lines.length > 0 && element("div", { class: "reacted" }, lines);
}
