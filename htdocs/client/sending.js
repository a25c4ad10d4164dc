// From `send` to its end: a message waits in the outbox until the server has it or will never have it.

import { ChatError } from "./chat_error.js";
import { Outbox } from "./outbox.js";

/** Refusals that are about this moment: the same message is offered again, under the same id. */
const PASSING = new Set(["busy", "not_saved", "storage"]);
/** The wait before it is, doubled each time up to the second. */
const AGAIN_AFTER_MS = 1000;
const AGAIN_AT_LATEST_MS = 30_000;

export class Sending {
	#send;
	#environment;
	#outbox;
	/** Who waits for which message. @type {Map<string, import("./types.d.ts").Waiting>} */
	#waiting = new Map();

	/** @param {import("./types.d.ts").SendingUses} uses */
	constructor({ send, store, environment }) {
		this.#send = send;
		this.#environment = environment;
		this.#outbox = new Outbox({ store, onChange: () => {} }, environment);
	}

	/** What is not yet known to be kept by the server, oldest first. */
	get messages() {
		return this.#outbox.messages;
	}

	/** @param {{ rate: number, burst: number }} pace */
	pace(pace) {
		this.#outbox.pace(pace);
	}

	/**
	 * @param {Parameters<Outbox["add"]>[0]} draft
	 * @returns {Promise<{ id?: string, duplicate?: boolean }>}
	 */
	add(draft) {
		const message = this.#outbox.add(draft);
		if (!message) return Promise.reject(new ChatError("outbox_full", "too many messages wait to be sent"));
		const end = new Promise((resolve, reject) => {
			this.#waiting.set(message.msgid, { resolve, reject, refusals: 0 });
		});
		this.flush();
		return end;
	}

	flush() {
		this.#outbox.flush(this.#send);
	}

	interrupted() {
		this.#outbox.interrupted();
		for (const { msgid, state, reason = "" } of [...this.messages]) {
			if (state === "failed") this.#gone(msgid, new ChatError(reason, "it may have been done already"));
		}
	}

	/** @param {string} msgid */
	has(msgid) {
		return this.messages.some((message) => message.msgid === msgid);
	}

	/** @param {import("./types.d.ts").Message} ack */
	acknowledged({ msgid, id, duplicate }) {
		this.#outbox.acknowledged(msgid);
		this.#settled(msgid)?.resolve(duplicate ? { id, duplicate } : { id });
	}

	/** @param {import("./types.d.ts").Message} error */
	refused({ msgid, code, text }) {
		if (!PASSING.has(code)) {
			this.#gone(msgid, new ChatError(code, text));
			return;
		}
		const waiting = this.#waiting.get(msgid) ?? { resolve: () => {}, reject: () => {}, refusals: 0 };
		this.#waiting.set(msgid, waiting);
		const wait = Math.min(AGAIN_AT_LATEST_MS, AGAIN_AFTER_MS * 2 ** waiting.refusals);
		waiting.refusals += 1;
		this.#environment.setTimeout(() => {
			if (this.#outbox.again(msgid)) this.flush();
		}, wait);
	}

	/** @param {string} msgid @param {ChatError} error */
	#gone(msgid, error) {
		this.#outbox.discard(msgid);
		this.#settled(msgid)?.reject(error);
	}

	/** @param {string} msgid */
	#settled(msgid) {
		const waiting = this.#waiting.get(msgid);
		this.#waiting.delete(msgid);
		return waiting;
	}
}
