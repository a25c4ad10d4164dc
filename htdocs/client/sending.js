// From `send` to its end: a message waits in the outbox until the server has it or will never have it.

import { ChatError } from "./chat_error.js";
import { Outbox } from "./outbox.js";

/** Refusals that are about this moment: the same message is offered again, under the same id. */
const PASSING = ["busy", "not_saved", "storage"];
/** The wait before it is, doubled each time up to the second. */
const AGAIN_AFTER_MS = 1000;
const AGAIN_AT_LATEST_MS = 30_000;

export class Sending extends Outbox {
	#send;
	#environment;
	/** Who waits for which message. @type {Map<string, import("./types.d.ts").Waiting>} */
	#waiting = new Map();

	/** @param {import("./types.d.ts").SendingUses} uses */
	constructor({ send, store, environment }) {
		super({ store }, environment);
		this.#send = send;
		this.#environment = environment;
	}

	/**
	 * What {@link Outbox.add} does, until its end.
	 * @param {Parameters<Outbox["add"]>[0]} draft
	 * @returns {Promise<{ id?: string, duplicate?: boolean }>}
	 */
	deliver(draft) {
		const message = this.add(draft);
		if (!message) return Promise.reject(new ChatError("outbox_full"));
		const end = new Promise((resolve, reject) => {
			this.#waiting.set(message.msgid, { resolve, reject, refusals: 0 });
		});
		this.flush();
		return end;
	}

	/** @override */
	flush(send = this.#send) {
		super.flush(send);
	}

	/** @override */
	interrupted() {
		super.interrupted();
		for (const { msgid, state, reason = "" } of [...this.messages]) {
			if (state === "failed") this.#gone(msgid, new ChatError(reason));
		}
	}

	/** @param {import("./types.d.ts").Message} ack */
	kept({ msgid, id, duplicate }) {
		this.acknowledged(msgid);
		this.#settled(msgid)?.resolve?.(duplicate ? { id, duplicate } : { id });
	}

	/** @param {import("./types.d.ts").Message} error */
	rejected({ msgid, code, text }) {
		if (!PASSING.includes(code)) {
			this.#gone(msgid, new ChatError(code, text));
			return;
		}
		const waiting = this.#waiting.get(msgid) ?? { refusals: 0 };
		this.#waiting.set(msgid, waiting);
		const wait = Math.min(AGAIN_AT_LATEST_MS, AGAIN_AFTER_MS * 2 ** waiting.refusals);
		waiting.refusals += 1;
		this.#environment.setTimeout(() => {
			if (this.again(msgid)) this.flush();
		}, wait);
	}

	/** @param {string} msgid @param {ChatError} error */
	#gone(msgid, error) {
		this.discard(msgid);
		this.#settled(msgid)?.reject?.(error);
	}

	/** @param {string} msgid */
	#settled(msgid) {
		const waiting = this.#waiting.get(msgid);
		this.#waiting.delete(msgid);
		return waiting;
	}
}
