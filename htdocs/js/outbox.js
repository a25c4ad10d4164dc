// What was written here and is not yet known to be kept by the server. It lives in localStorage: a reload, a crash or a
// night offline loses nothing. Each message knows as whom it was written.

import { Outbox as ClientOutbox, whole } from "../client/outbox.js";
import { dropStored, readStored, storedKeys, writeStored } from "./storage.js";
import { text as words } from "./texts.js";

export class Outbox extends ClientOutbox {
	#room;
	#tab;
	#account;

	/**
	 * @param {string} room
	 * @param {string} tab Sets it apart from others in the same room: each sends its own messages only.
	 * @param {string} account Whom messages are written as; "" for a guest.
	 * @param {(message: Outgoing) => void} onChange
	 */
	constructor(room, tab, account, onChange) {
		const key = `outbox.${room}.${tab}`;
		const store = {
			read: () => readStored(key, []),
			keep: (/** @type {unknown[]} */ messages) =>
				messages.length === 0 ? dropStored(key) : writeStored(key, messages),
		};
		super({ store, onChange, maybeDone: words("maybeDone") });
		this.#room = room;
		this.#tab = tab;
		this.#account = account;
	}

	/** @override @param {import("../client/types.d.ts").Draft} draft */
	add(draft) {
		return super.add({ ...draft, by: this.#account });
	}

	/** By hand, as whoever asks for it. @override @param {string} msgid */
	again(msgid) {
		return super.again(msgid, { by: this.#account });
	}

	/**
	 * Keeps back what was written as somebody else: a session may have ended, another one begun.
	 * @param {string} account
	 */
	setAccount(account) {
		this.#account = account;
		for (const message of this.messages) {
			if (message.state !== "waiting" || (message.by ?? account) === account) continue;
			const reason = message.by ? words("writtenAs", { name: message.by }) : words("writtenAsGuest");
			this.refused(message.msgid, reason);
		}
	}

	/**
	 * Takes over what tabs that are gone have left unsent in this room.
	 * @param {Tab["gone"]} isGone
	 */
	takeOver(isGone) {
		const start = `outbox.${this.#room}.`;
		for (const key of storedKeys(start)) {
			const tab = key.slice(start.length);
			if (tab === this.#tab || !isGone(tab)) continue;
			const left = readStored(key, []);
			dropStored(key);
			for (const message of whole(left, words("maybeDone"))) super.add(message);
		}
	}
}
