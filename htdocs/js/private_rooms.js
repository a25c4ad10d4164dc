// Conversations and rooms for some only: begun here, and asked about. What comes back is told by its msgid.

import { randomId } from "../client/random_id.js";
import { text } from "./texts.js";

/** So long an answer may take. */
const ANSWER_TIMEOUT_MS = 15_000;

/** A conversation, or a room for some only. @param {string} name */
export const isOfSome = (name) => name.startsWith("~");

export class PrivateRooms {
	#uses;
	/** @type {Map<string, (answer: Message | null) => void>} */
	#waiting = new Map();

	/** @param {PrivateRoomsUses} uses */
	constructor(uses) {
		this.#uses = uses;
	}

	/**
	 * Begins one and shows it: with one person and no title that of the two, which may be there already.
	 * @param {{ to: string, person?: string }[]} people
	 * @param {{ title?: string, history?: "all" }} [about]
	 */
	async begin(people, about = {}) {
		const { room } = await this.ask({ type: "converse", people, ...about });
		this.#uses.show(room);
	}

	/** As {@link begin}; what goes wrong is said in the conversation. @param {string} to @param {string} [person] */
	async talkTo(to, person) {
		try {
			await this.begin([{ to, ...(person && { person }) }]);
		} catch (error) {
			this.#uses.notice(error instanceof Error ? error.message : String(error));
		}
	}

	/**
	 * Asks for the password of a room that wants one.
	 * @param {Room} room
	 * @param {string} code Why it let nobody in.
	 * @param {() => void} enterAgain
	 */
	async knock(room, code, enterAgain) {
		if (code !== "password_needed" && code !== "wrong_password") return;
		const { openPasswordDialog } = await import("./password_dialog.js");
		openPasswordDialog((password) => {
			room.keys = { password };
			enterAgain();
		});
	}

	/**
	 * Asks the server; an error has its words.
	 * @param {Message} message
	 * @returns {Promise<Message>}
	 */
	ask(message) {
		const msgid = randomId();
		return new Promise((resolve, reject) => {
			const end = (/** @type {Message | null} */ answer) => {
				clearTimeout(timer);
				this.#waiting.delete(msgid);
				if (answer && answer.type !== "error") resolve(answer);
				else reject(new Error(answer?.text ?? text("error_network")));
			};
			const timer = setTimeout(() => end(null), ANSWER_TIMEOUT_MS);
			this.#waiting.set(msgid, end);
			if (!this.#uses.send({ ...message, msgid })) end(null);
		});
	}

	/** Whether it is an answer to something that was asked here. @param {Message} message */
	take(message) {
		const end = this.#waiting.get(message.msgid ?? "");
		end?.(message);
		return end !== undefined;
	}
}
