// What can be done with a message, and how: the menu, the bar beside it and the keys share it. Loaded with the first of
// them.

import { messageAddress } from "../addresses.js";
import { copyText } from "../clipboard.js";
import { byId, element } from "../dom.js";
import { SPOKEN } from "../protocol.js";
import { loadTexts, text } from "../texts.js";
import { timeOf } from "../times.js";

await loadTexts("moderation");

const MINUTE_MS = 60_000;
/** How long it is shown that something was copied. */
const TOAST_MS = 1500;
/** As much of a message as an answer to it repeats, where the server knows no answers. */
const MAX_QUOTED = 60;

const toast = element("div", { class: "toast", "aria-hidden": "true" });
let toastTimer = 0;

/**
 * @param {Entry} record
 * @param {Room} room
 * @returns {Set<Act>}
 */
export function possible(record, room) {
	const { me, messages, about, isWelcome } = room;
	const isMine = isOwn(record, room);
	const isKept = SPOKEN.has(record.type) && !record.clock;
	const { areKnown } = messages;
	const isWritten = isKept && record.type !== "dice";
	/** @type {[Act, unknown][]} */
	const all = [
		["react", isKept && areKnown],
		["reply", isKept && (areKnown || !isMine)],
		["edit", areKnown && isMine && isWritten && isInTime(record, messages.limits.edit)],
		["whisper", !isMine],
		["copy", true],
		["link", isKept],
		["pin", isKept && areKnown && (me.moderator || (about && about.kind !== "room"))],
		["report", isKept && !isMine],
		["moderate", me.moderator && !isMine],
		["remove", isKept && (me.moderator || (areKnown && isMine && isInTime(record, messages.limits.delete)))],
		["former", me.moderator && record.edited],
	];
	return new Set(
		all.flatMap(([act, can]) => (can && !record.redacted && (isWelcome || !CHANGES.has(act)) ? [act] : [])),
	);
}

/** They need the server. @type {Set<Act>} */
const CHANGES = new Set(["react", "edit", "pin", "remove", "report", "moderate", "former"]);

/**
 * The person's own, also under another name. Somebody may have taken the name they had.
 * @param {Entry} record
 * @param {Room} room
 */
export function isOwn({ from, account, person }, { me, members }) {
	if (me.account && account) return account === me.account;
	const mine = members.get(me.name)?.person;
	return mine && person ? person === mine : from === me.name;
}

/** @param {Entry} record @param {number | undefined} minutes 0: never, undefined: always. */
const isInTime = ({ id }, minutes) => minutes === undefined || Date.now() - timeOf(id).getTime() < minutes * MINUTE_MS;

/** @param {Act} what @param {Entry} record @param {HTMLElement} place @param {MenuActions} uses */
export async function does(what, record, place, uses) {
	const { room } = uses;
	const { messages } = room;
	const { id, text: words = "" } = record;
	const can = possible(record, room);
	if (what === "menu" ? can.size === 0 : !can.has(what)) {
		if (what !== "former") tell(text("cannotDo"));
		return;
	}
	if (what === "reply" || what === "edit") writes(what, record, uses);
	else if (what === "whisper") uses.whisper(record.from, record.person);
	else if (what === "copy") await copied(words, place);
	else if (what === "link") await copied(messageAddress(room.name, id), place);
	else if (what === "pin") messages.say({ type: messages.pins.ids.includes(id) ? "unpin" : "pin", target: id });
	else if (what === "report") uses.report(id, record.from);
	else if (what === "moderate") uses.moderate(record.from);
	else if (what === "remove") await removes(record, uses);
	else if (what === "former") (await import("./former_dialog.js")).openFormerDialog(record, room);
	else if (what !== "react" || !(await reacts(record, place, messages))) {
		(await import("../message_menu.js")).openMessageMenu(record, place, uses);
	}
}

/** @param {"reply" | "edit"} what @param {Entry} record @param {MenuActions} uses */
function writes(what, record, { room, compose }) {
	const composer = compose();
	if (room.messages.areKnown) composer[what](record);
	else composer.answer(quoted(record.from, record.text ?? ""));
}

/** @param {string} words @param {HTMLElement} place */
async function copied(words, place) {
	await copyText(words, place);
	tell(text("copied"));
}

/** What has happened, where nothing else shows it. @param {string} words */
function tell(words) {
	byId("announcement").textContent = words;
	toast.textContent = words;
	byId("announcement").before(toast);
	clearTimeout(toastTimer);
	toastTimer = setTimeout(() => toast.remove(), TOAST_MS);
}

/** @param {Entry} record @param {MenuActions} uses */
async function removes(record, { room, command }) {
	const isMine = isOwn(record, room);
	const { confirmRemoval } = await import("./remove_dialog.js");
	const isMeant = await confirmRemoval(record, isMine);
	if (!isMeant) return;
	const isOneself = isMine && room.messages.areKnown && isInTime(record, room.messages.limits.delete);
	if (isOneself) room.messages.say({ type: "delete", target: record.id });
	else command(`/redact ${record.id}`);
}

/**
 * @param {Entry} record
 * @param {HTMLElement} place
 * @param {Room["messages"]} messages
 * @returns False where the board of emoji cannot be loaded: the menu has the usual ones.
 */
async function reacts(record, place, messages) {
	const picker = await import("../emoji/picker.js").catch(() => null);
	if (!picker) return false;
	const emoji = await picker.openEmojiPicker(place);
	if (!emoji) return true;
	const own = record.reactions?.find((reaction) => reaction.text === emoji)?.own;
	messages.react(record, emoji, !own);
	return true;
}

/**
 * Where the server knows no answers: `@bob “the words” –`, so that also other programs show what is answered. Not
 * `bob: …`: old pages take that for a private line and hide it from the others.
 * @param {string} from
 * @param {string} words
 */
function quoted(from, words) {
	const letters = [...words.replace(/\s+/gu, " ")];
	const cut = letters.length > MAX_QUOTED ? `${letters.slice(0, MAX_QUOTED - 1).join("")}…` : letters.join("");
	return `@${from} “${cut}” –`;
}
