// What was written and is not yet known to be kept by the server. It lives in localStorage: a reload, a crash or a
// night offline loses nothing. Each message has an id of its own, so that it can be sent again without appearing twice.

import { commandOf } from "./lines.js";
import { randomId } from "../client/random_id.js";
import { dropStored, readStored, storedKeys, writeStored } from "./storage.js";
import { text as words } from "./texts.js";

/** More than this waiting is refused: localStorage holds about 5 MB for the whole site. */
const MAX_WAITING = 200;
/** Of the server's own pace, so much is used: whoever is faster is slowed down, and told so. */
const SHARE_OF_PACE = 0.9;

export class Outbox {
	#room;
	#key;
	#onChange;
	/** @type {Outgoing[]} */
	#messages = [];
	#owner;
	#interval = 100;
	#burst = 1;
	#busyUntil = 0;
	#timer = 0;

	/**
	 * @param {string} room
	 * @param {string} owner Sets this tab apart from others in the same room: each sends its own messages only.
	 * @param {string} account Whom messages are written as; "" for a guest.
	 * @param {(message: Outgoing) => void} onChange
	 */
	constructor(room, owner, account, onChange) {
		this.#room = room;
		this.#key = `outbox.${room}.${owner}`;
		this.#owner = account;
		this.#onChange = onChange;
		this.#messages = clean(readStored(this.#key, []));
	}

	get messages() {
		return this.#messages;
	}

	/**
	 * The message as kept, or null when too many wait.
	 * @param {Outgoing["type"]} type
	 * @param {string} text
	 * @param {Pick<Outgoing, "to" | "person" | "target" | "literal" | "reply" | "files">} [extra]
	 */
	add(type, text, extra = {}) {
		if (this.#messages.length >= MAX_WAITING) return null;
		/** @type {Outgoing} */
		const message = { msgid: randomId(), type, text, ...extra, by: this.#owner, at: Date.now(), state: "waiting" };
		this.#messages.push(message);
		this.#changed(message);
		return message;
	}

	/**
	 * Keeps back what was written as somebody else: a session may have ended, another one begun.
	 * @param {string} account
	 */
	setOwner(account) {
		this.#owner = account;
		for (const message of this.#messages) {
			if (message.state !== "waiting" || (message.by ?? account) === account) continue;
			const reason = message.by ? words("writtenAs", { name: message.by }) : words("writtenAsGuest");
			this.refused(message.msgid, reason);
		}
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
	 * @param {(message: Message) => boolean} send
	 */
	flush(send) {
		clearTimeout(this.#timer);
		for (const message of [...this.#messages]) {
			if (message.state !== "waiting") continue;
			const now = performance.now();
			const early = this.#busyUntil - now - (this.#burst - 1) * this.#interval;
			if (early > 0) {
				this.#timer = setTimeout(() => this.flush(send), early);
				return;
			}
			const { msgid, type, text, to, person, target, literal, reply, files } = message;
			// Without a number it is for whoever has the name.
			const addressee = to ? { to, person: person || undefined } : {};
			if (!send({ type, msgid, ...addressee, text, target, literal, reply, files })) return;
			this.#busyUntil = Math.max(this.#busyUntil, now) + this.#interval;
			message.state = "sending";
			this.#changed(message);
		}
	}

	/**
	 * The connection is gone: what was under way may or may not have arrived. A message is sent again, the server stores
	 * it once; a command it might do twice, so that one waits for the person.
	 */
	interrupted() {
		for (const message of this.#messages) {
			if (message.state !== "sending") continue;
			Object.assign(message, interrupted(message));
			this.#changed(message);
		}
	}

	/** @param {string} msgid */
	acknowledged(msgid) {
		this.#remove(msgid, "sent");
	}

	/** @param {string} msgid @param {string} reason */
	refused(msgid, reason) {
		const message = this.#find(msgid);
		if (!message) return null;
		message.state = "failed";
		message.reason = reason;
		this.#changed(message);
		return message;
	}

	/** @param {string} msgid */
	again(msgid) {
		const message = this.#find(msgid);
		if (!message) return;
		message.state = "waiting";
		message.by = this.#owner;
		delete message.reason;
		this.#changed(message);
	}

	/** @param {string} msgid */
	discard(msgid) {
		this.#remove(msgid, "discarded");
	}

	/**
	 * Takes over what tabs that are gone have left unsent in this room.
	 * @param {Tab["gone"]} isGone
	 */
	adopt(isGone) {
		const start = `outbox.${this.#room}.`;
		for (const key of storedKeys(start)) {
			if (key === this.#key || !isGone(key.slice(start.length))) continue;
			const left = clean(readStored(key, [])).slice(0, MAX_WAITING - this.#messages.length);
			dropStored(key);
			this.#messages = [...left, ...this.#messages];
			for (const message of left) this.#changed(message);
		}
	}

	/** @param {string} msgid */
	#find(msgid) {
		return this.#messages.find((message) => message.msgid === msgid);
	}

	/** @param {string} msgid @param {Outgoing["state"]} state */
	#remove(msgid, state) {
		const message = this.#find(msgid);
		if (!message) return;
		this.#messages = this.#messages.filter((other) => other !== message);
		this.#changed({ ...message, state });
	}

	/** @param {Outgoing} message */
	#changed(message) {
		if (this.#messages.length === 0) dropStored(this.#key);
		else writeStored(this.#key, this.#messages);
		this.#onChange(message);
	}
}

/**
 * Stored values are looked at like a stranger's: another version of the page may have written them.
 * @param {unknown} stored
 * @returns {Outgoing[]}
 */
function clean(stored) {
	if (!Array.isArray(stored)) return [];
	return stored
		.filter((kept) => typeof kept?.msgid === "string" && typeof kept.text === "string" && TYPES.has(kept.type))
		.slice(0, MAX_WAITING)
		.map((message) => ({ ...message, ...(message.state === "failed" ? {} : interrupted(message)) }));
}

/**
 * How a message goes on after its connection or its page has ended.
 * @param {Outgoing} message
 * @returns {Pick<Outgoing, "state" | "reason">}
 */
function interrupted(message) {
	const isUncertain = message.state === "sending" && isCommandMessage(message);
	return isUncertain ? { state: "failed", reason: words("maybeDone") } : { state: "waiting" };
}

const TYPES = new Set(["say", "whisper", "edit"]);

/** @param {Pick<Outgoing, "type" | "text" | "literal">} message */
export const isCommandMessage = ({ type, text, literal }) => type === "say" && commandOf({ words: text, literal });
