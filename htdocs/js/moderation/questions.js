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
export async function ask(room, line) {
	const command = line.slice(1).split(" ", 1)[0];
	/** @type {AnswerRow[]} */
	let rows = [];
	const send = (/** @type {string} */ msgid) => room.send({ type: "say", text: line, msgid });
	await acked(room, send, (message) => {
		const isAnswer = message.type === "info" && message.command === command;
		if (isAnswer) rows = message.rows ?? [];
		return isAnswer;
	});
	return rows;
}

/**
 * Sends something and waits until it is done; an error has the server's words.
 * @param {Room} room Hears the answer.
 * @param {(msgid: string) => unknown} send False: it could not be sent.
 * @param {(message: Message) => boolean} [hear] Takes what comes besides.
 * @returns {Promise<void>}
 */
export function acked(room, send, hear = () => false) {
	const msgid = randomId();
	return new Promise((resolve, reject) => {
		const end = (/** @type {() => void} */ finish) => {
			clearTimeout(timer);
			room.listeners.delete(listen);
			finish();
		};
		/** @param {Message} message */
		const listen = (message) => {
			if (message.msgid !== msgid) return hear(message);
			if (message.type === "ack") end(resolve);
			else if (message.type === "error") end(() => reject(new Error(message.text)));
			else return false;
			return true;
		};
		const timer = setTimeout(() => end(() => reject(new Error(text("error_network")))), ANSWER_TIMEOUT_MS);
		room.listeners.add(listen);
		if (send(msgid) === false) end(() => reject(new Error(text("error_network"))));
	});
}
