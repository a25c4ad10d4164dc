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
	#uses;
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
	constructor(uses, environment = surroundings) {
		this.#uses = uses;
		this.#environment = environment;
		this.#messages = whole(uses.store.read(), uses.maybeDone);
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

	/**
	 * What the server takes.
	 * @param {{ rate?: number, burst?: number }} [pace] Messages a second, and at once.
	 */
	pace({ rate = 10, burst = 20 } = {}) {
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
			this.#changed(Object.assign(message, afterwards(message, this.#uses.maybeDone)));
		}
	}

	/** @param {string} msgid */
	has(msgid) {
		return this.#messages.some((message) => message.msgid === msgid);
	}

	/** @param {string} msgid */
	acknowledged(msgid) {
		this.#remove(msgid, "sent");
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
		this.#remove(msgid, "discarded");
	}

	/** @param {string} msgid @param {Partial<import("./types.d.ts").Outgoing>} change */
	#set(msgid, change) {
		const message = this.#messages.find((other) => other.msgid === msgid);
		if (message) this.#changed(Object.assign(message, change));
		return message ?? null;
	}

	/** @param {string} msgid @param {"sent" | "discarded"} state */
	#remove(msgid, state) {
		const at = this.#messages.findIndex((other) => other.msgid === msgid);
		if (at >= 0) this.#changed({ ...this.#messages.splice(at, 1)[0], state });
	}

	/** @param {import("./types.d.ts").Outgoing} message */
	#changed(message) {
		this.#uses.store.keep(this.#messages);
		this.#uses.onChange?.(message);
	}
}

const TYPES = ["say", "whisper", "edit"];

/**
 * Stored values are like a stranger's: another version may have written them.
 * @param {any} stored
 * @param {string} [maybeDone] As of the outbox.
 * @returns {import("./types.d.ts").Outgoing[]}
 */
export const whole = (stored, maybeDone) =>
	[stored ?? []]
		.flat()
		.filter((kept) => typeof kept?.msgid === "string" && typeof kept.text === "string" && TYPES.includes(kept.type))
		.slice(0, MAX_WAITING)
		.map((message) => ({ ...message, ...(message.state !== "failed" && afterwards(message, maybeDone)) }));

/**
 * How a message goes on after its connection or its page has ended.
 * @param {import("./types.d.ts").Outgoing} message
 * @param {string} [maybeDone]
 * @returns {Pick<import("./types.d.ts").Outgoing, "state" | "reason">}
 */
const afterwards = (message, maybeDone = "maybe_done") =>
	message.state === "sending" && isCommandMessage(message)
		? { state: "failed", reason: maybeDone }
		: { state: "waiting" };

/** What the server is told of a message; without a person's number it is for whoever has the name. */
const ON_WIRE = ["type", "msgid", "to", "person", "target", "literal", "reply", "files"];

/** @param {Record<string, any>} message @returns {any} */
const onWire = (message) => ({
	...Object.fromEntries(ON_WIRE.filter((field) => message[field]).map((field) => [field, message[field]])),
	text: message.text,
});
