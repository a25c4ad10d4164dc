// The WebSocket to the room: opens it, notices when it is gone, comes back by itself, and asks with a ping whether
// anybody is still there. Of what goes over it, it knows no more than that each message is an object with a type.

import { text } from "./texts.js";

/** First wait before trying again, and the longest. Doubled each time, then cut by chance to between a half and the
    whole, so that a thousand pages do not return in the same second after a restart. */
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30000;
/** A connection that stays up this long was a good one: the next wait starts small again. */
const GOOD_AFTER_MS = 10000;
/** Silence after which the page asks whether anybody is there; browsers cannot send pings. */
const PING_AFTER_MS = 30000;
/** The same when an answer is due, because something was sent. */
const PING_WHEN_DUE_MS = 8000;
/** No word at all for this long after a question: the line is dead though nobody said so. */
const ANSWER_TIMEOUT_MS = 15000;

/**
 * Milliseconds to wait before the next try.
 * @param {number} failures
 */
export const backoff = (failures, chance = Math.random()) =>
	Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures) * (0.5 + chance / 2);

/** What a server says first that knows the text protocol alone. */
const TEXT_WELCOME = /^\[\d\d:\d\d:\d\d\] Welcome to the chat room /;

export class Connection {
	/** @type {WebSocket | null} */
	#socket = null;
	#address;
	#onMessage;
	#onState;
	#failures = 0;
	#retryTimer = 0;
	#quietTimer = 0;
	#openedAt = 0;
	/** Tries in a row after which no connection was open. */
	#unopened = 0;
	#wanted = false;

	/** @param {ConnectionUses} parts */
	constructor({ address, onMessage, onState }) {
		this.#address = address;
		this.#onMessage = onMessage;
		this.#onState = onState;
		addEventListener("online", () => this.tryNow());
		addEventListener("offline", () => this.#lost());
		document.addEventListener("visibilitychange", () => {
			if (!document.hidden) this.tryNow();
		});
		// Leaving the page leaves the room, also where the browser keeps the page for "back"; then it comes back.
		addEventListener("pagehide", () => this.#leave());
		addEventListener("pageshow", (event) => event.persisted && this.tryNow());
	}

	get isOpen() {
		return this.#socket?.readyState === WebSocket.OPEN;
	}

	start() {
		this.#wanted = true;
		this.#open();
	}

	/**
	 * Ends it for good: after a kick, or because the person left.
	 * @param {Detail} detail
	 */
	stop(detail) {
		this.#wanted = false;
		clearTimeout(this.#retryTimer);
		this.#drop();
		this.#onState("closed", detail);
	}

	tryNow() {
		if (!this.#wanted || this.#socket) return;
		this.#failures = 0;
		this.#open();
	}

	/** @param {Message} message @returns False if it could not be sent now. */
	send(message) {
		if (!this.#socket || !this.isOpen) return false;
		this.#socket.send(JSON.stringify(message));
		if (message.type !== "ping") this.#askAfter(PING_WHEN_DUE_MS);
		return true;
	}

	#leave() {
		clearTimeout(this.#retryTimer);
		this.#drop();
		this.#onState("offline");
	}

	#open() {
		clearTimeout(this.#retryTimer);
		this.#onState("connecting");
		const socket = new WebSocket(this.#address());
		this.#socket = socket;
		socket.addEventListener("open", () => {
			this.#openedAt = performance.now();
			this.#unopened = 0;
			this.#askAfter(PING_AFTER_MS);
		});
		socket.addEventListener("message", ({ data }) => {
			if (socket !== this.#socket) return;
			this.#askAfter(PING_AFTER_MS);
			const message = parse(data);
			if (message) this.#onMessage(message);
			// The server of 2016: whatever this page says, pings too, would be read by all.
			else if (TEXT_WELCOME.test(String(data))) this.stop({ words: text("oldServer") });
		});
		socket.addEventListener("close", () => socket === this.#socket && this.#lost());
		// The opening itself may hang too: the same clock runs.
		this.#quietTimer = setTimeout(() => socket === this.#socket && this.#lost(), ANSWER_TIMEOUT_MS);
	}

	/** @param {number} silence */
	#askAfter(silence) {
		clearTimeout(this.#quietTimer);
		this.#quietTimer = setTimeout(() => {
			this.send({ type: "ping" });
			this.#quietTimer = setTimeout(() => this.#lost(), ANSWER_TIMEOUT_MS);
		}, silence);
	}

	#drop() {
		clearTimeout(this.#quietTimer);
		const socket = this.#socket;
		this.#socket = null;
		socket?.close();
	}

	#lost() {
		if (!this.#wanted) return;
		if (!this.#openedAt) this.#unopened += 1;
		if (this.#openedAt && performance.now() - this.#openedAt > GOOD_AFTER_MS) this.#failures = 0;
		this.#openedAt = 0;
		this.#drop();
		clearTimeout(this.#retryTimer);
		const wait = backoff(this.#failures);
		this.#failures += 1;
		// Only a hint: a machine may have no other network than its own, where the server is too.
		const state = navigator.onLine === false ? "offline" : "waiting";
		this.#onState(state, { until: Date.now() + wait, unopened: this.#unopened });
		this.#retryTimer = setTimeout(() => this.#open(), wait);
	}
}

/** @param {unknown} data @returns {Message | null} */
function parse(data) {
	try {
		const message = JSON.parse(String(data));
		return typeof message?.type === "string" ? message : null;
	} catch {
		return null;
	}
}
