// Asks the room something by a command, and gives the answer to who asked, not to the conversation.

import { randomId } from "../../client/random_id.js";
import { text } from "../texts.js";

/** So long an answer may take. */
const ANSWER_TIMEOUT_MS = 15_000;

/**
 * @param {Room} room
 * @param {string} line Such as `/bans`.
 * @returns {Promise<AnswerRow[]>} What was answered, field by field; an error has the server's words.
 */
export function ask(room, line) {
	const msgid = randomId();
	const command = line.slice(1).split(" ", 1)[0];
	return new Promise((resolve, reject) => {
		/** @type {AnswerRow[]} */
		let rows = [];
		const end = (/** @type {() => void} */ finish) => {
			clearTimeout(timer);
			room.listeners.delete(listen);
			finish();
		};
		/** @param {Message} message */
		const listen = (message) => {
			if (message.type === "info" && message.command === command) rows = message.rows ?? [];
			else if (message.msgid !== msgid) return false;
			else if (message.type === "ack") end(() => resolve(rows));
			else if (message.type === "error") end(() => reject(new Error(message.text)));
			else return false;
			return true;
		};
		const timer = setTimeout(() => end(() => reject(new Error(text("error_network")))), ANSWER_TIMEOUT_MS);
		room.listeners.add(listen);
		if (room.send({ type: "say", text: line, msgid }) === false) end(() => reject(new Error(text("error_network"))));
	});
}
