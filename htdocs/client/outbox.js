// What is to be sent and is not yet known to be kept by the server, oldest first. Each message has an id of its own, so
// that it can be sent again without appearing twice. Where it is kept meanwhile, a store says: a browser's localStorage
// outlives a reload, memory does not.

import { isCommandMessage } from "./commands.js";
import { environment as surroundings } from "./environment.js";
import { randomId } from "./random_id.js";

/** More than this waiting is refused: localStorage holds about 5 MB for a whole site. */
const MAX_WAITING = 200;
/** Of the server's own pace, so much is used: whoever is faster is slowed down, and told so. */
const SHARE_OF_PACE = 0.9;

export class Outbox {
	#store;
	#onChange;
	#maybeDone;
	#environment;
	/** @type {import("./types.d.ts").Outgoing[]} */
	#messages;
	#interval = 100;
	#burst = 1;
	#busyUntil = 0;
	#timer = 0;

	/**
	 * @param {import("./types.d.ts").OutboxUses} uses
	 * @param {import("./types.d.ts").Environment} [environment]
	 */
	constructor({ store, onChange, maybeDone = "maybe_done" }, environment = surroundings) {
		this.#store = store;
		this.#onChange = onChange;
		this.#environment = environment;
		this.#maybeDone = maybeDone;
		this.#messages = this.#whole(store.read());
	}

	get messages() {
		return this.#messages;
	}

	/**
	 * The message as kept, or null when too many wait.
	 * @param {import("./types.d.ts").Draft} draft
	 */
	add(draft) {
		if (this.#messages.length >= MAX_WAITING) return null;
		/** @type {import("./types.d.ts").Outgoing} */
		const message = { msgid: randomId(), at: Date.now(), state: "waiting", ...draft };
		this.#messages.push(message);
		this.#changed(message);
		return message;
	}

	/** Those that were left somewhere else, before all that wait here. @param {unknown} stored */
	adopt(stored) {
		const left = this.#whole(stored).slice(0, MAX_WAITING - this.#messages.length);
		this.#messages = [...left, ...this.#messages];
		for (const message of left) this.#changed(message);
	}

	/**
	 * What the server takes.
	 * @param {{ rate: number, burst: number }} pace Messages a second, and at once.
	 */
	pace({ rate, burst }) {
		this.#interval = 1000 / (rate * SHARE_OF_PACE);
		this.#burst = Math.max(1, Math.floor(burst * SHARE_OF_PACE));
	}

	/**
	 * Hands what waits to `send`, oldest first, at the server's pace, until it says false (no connection).
	 * @param {(message: import("./types.d.ts").Message) => boolean} send
	 */
	flush(send) {
		const { now, setTimeout, clearTimeout } = this.#environment;
		clearTimeout(this.#timer);
		for (const message of [...this.#messages]) {
			if (message.state !== "waiting") continue;
			const early = this.#busyUntil - now() - (this.#burst - 1) * this.#interval;
			if (early > 0) {
				this.#timer = setTimeout(() => this.flush(send), Math.ceil(early));
				return;
			}
			if (!send(onWire(message))) return;
			this.#busyUntil = Math.max(this.#busyUntil, now()) + this.#interval;
			message.state = "sending";
			this.#changed(message);
		}
	}

	/**
	 * The connection is gone: what was under way may or may not have arrived. A message is sent again, the server stores
	 * it once; a command it might do twice, so that one waits for the person.
	 */
	interrupted() {
		this.#environment.clearTimeout(this.#timer);
		for (const message of this.#messages) {
			if (message.state !== "sending") continue;
			Object.assign(message, this.#afterwards(message));
			this.#changed(message);
		}
	}

	/** @param {string} msgid */
	acknowledged(msgid) {
		return this.#remove(msgid, "sent");
	}

	/** @param {string} msgid @param {string} reason */
	refused(msgid, reason) {
		return this.#set(msgid, { state: "failed", reason });
	}

	/**
	 * Waits for the next `flush` again.
	 * @param {string} msgid
	 * @param {Partial<import("./types.d.ts").Outgoing>} [change]
	 */
	again(msgid, change = {}) {
		return this.#set(msgid, { reason: undefined, ...change, state: "waiting" });
	}

	/** @param {string} msgid */
	discard(msgid) {
		return this.#remove(msgid, "discarded");
	}

	/** @param {string} msgid @param {Partial<import("./types.d.ts").Outgoing>} change */
	#set(msgid, change) {
		const message = this.#messages.find((other) => other.msgid === msgid);
		if (!message) return null;
		this.#changed(Object.assign(message, change));
		return message;
	}

	/** @param {string} msgid @param {"sent" | "discarded"} state */
	#remove(msgid, state) {
		const message = this.#messages.find((other) => other.msgid === msgid);
		if (!message) return null;
		this.#messages = this.#messages.filter((other) => other !== message);
		this.#changed({ ...message, state });
		return message;
	}

	/** @param {import("./types.d.ts").Outgoing} message */
	#changed(message) {
		this.#store.keep(this.#messages);
		this.#onChange(message);
	}

	/**
	 * Stored values are looked at like a stranger's: another version may have written them.
	 * @param {unknown} stored
	 * @returns {import("./types.d.ts").Outgoing[]}
	 */
	#whole(stored) {
		if (!Array.isArray(stored)) return [];
		return stored
			.filter((kept) => typeof kept?.msgid === "string" && typeof kept.text === "string" && TYPES.has(kept.type))
			.slice(0, MAX_WAITING)
			.map((message) => ({ ...message, ...(message.state === "failed" ? {} : this.#afterwards(message)) }));
	}

	/**
	 * How a message goes on after its connection or its page has ended.
	 * @param {import("./types.d.ts").Outgoing} message
	 * @returns {Pick<import("./types.d.ts").Outgoing, "state" | "reason">}
	 */
	#afterwards(message) {
		const isUncertain = message.state === "sending" && isCommandMessage(message);
		return isUncertain ? { state: "failed", reason: this.#maybeDone } : { state: "waiting" };
	}
}

const TYPES = new Set(["say", "whisper", "edit"]);

/** What the server is told of a message; without a person's number it is for whoever has the name. */
const ON_WIRE = ["type", "msgid", "to", "person", "target", "literal", "reply", "files"];

/** @param {Record<string, any>} message @returns {any} */
const onWire = (message) => ({
	...Object.fromEntries(ON_WIRE.filter((field) => message[field]).map((field) => [field, message[field]])),
	text: message.text,
});
