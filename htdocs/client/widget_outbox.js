// What was written in any tab and is not yet known to be kept by the server: each message under a key of its own, so
// that tabs do not write over each other. Whichever tab is alive offers it again, under its id: the server keeps it
// once.

import { isCommandText } from "./commands.js";
import { kept } from "./widget_kept.js";
import { randomId } from "./random_id.js";

const START = "outbox.";
/** More than these are not kept. */
const MAX_WAITING = 200;

/** @typedef {{ msgid: string, room: string, text: string, at: number, by?: string, hub?: string }} Waiting */

/** Where there is no storage a tab keeps its own. @type {Map<string, Waiting>} */
const own = new Map();

/** Whom the site calls its user; what somebody else has written here waits for them. */
let by = "";

/** @param {string} user "" for nobody. */
export const writeAs = (user) => void (by = user);

/** @returns {Waiting[]} Oldest first. */
export function waiting() {
	const all = new Map(own);
	for (const key of kept.keys(START)) {
		const message = kept.read(key);
		if (typeof message?.room === "string" && typeof message.text === "string") all.set(message.msgid, message);
	}
	return [...all.values()].filter((message) => (message.by ?? "") === by).sort((a, b) => a.at - b.at);
}

/** @param {string} room @param {string} text @returns {Waiting | null} Null when too many wait. */
export function add(room, text) {
	if (waiting().length >= MAX_WAITING) return null;
	const message = { msgid: randomId(), room, text, at: Date.now(), by };
	put(message);
	return message;
}

/** @param {string} msgid */
export function remove(msgid) {
	own.delete(msgid);
	kept.delete(START + msgid);
}

/**
 * What to offer a hub. A command that another one had is not done twice: it comes back as uncertain.
 * @param {string} hub Its id.
 * @returns {{ offered: Waiting[], uncertain: Waiting[] }}
 */
export function offer(hub) {
	const offered = /** @type {Waiting[]} */ ([]);
	const uncertain = /** @type {Waiting[]} */ ([]);
	for (const message of waiting()) {
		const isDone = message.hub && message.hub !== hub && isCommandText(message.text);
		if (isDone) remove(message.msgid);
		else handed(message, hub);
		(isDone ? uncertain : offered).push(message);
	}
	return { offered, uncertain };
}

/** It is given to a hub now. @param {Waiting} message @param {string} hub */
export const handed = (message, hub) => put({ ...message, hub });

/** @param {Waiting} message */
function put(message) {
	own.set(message.msgid, message);
	kept.put(START + message.msgid, message);
}
