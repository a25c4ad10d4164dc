// "alice is typing": sent at most every few seconds and only by those who want to, shown for a while.

import { byId } from "./dom.js";
import { isIgnored, preference } from "./preferences.js";
import { text } from "./texts.js";

/** The server takes two a second; "typing" itself needs far fewer, live text somewhat more. */
const SEND_EVERY_MS = 2500;
const SEND_LIVE_EVERY_MS = 600;
/** Somebody silent for this long has stopped. */
const FORGET_AFTER_MS = 6000;
/** In larger rooms the server passes nothing on. */
const MAX_ROOM = 50;
/** Of a text shown live, the end: that is what is being written. */
const MAX_LIVE = 160;
/** More people than this are not named one by one, so no more are remembered. */
const MAX_TYPISTS = 50;

export class Typing {
	#send;
	#live;
	#members;
	#isShown;
	#last = 0;
	#timer = 0;
	#isOn = false;
	/** @type {Map<string, { timer: number, words: string }>} */
	#typists = new Map();
	#line = byId("typing-line");

	/** @param {TypingUses} parts @param {() => boolean} isShown The room is in the page. */
	constructor({ send, live, members }, isShown) {
		this.#isShown = isShown;
		this.#send = send;
		this.#live = live;
		this.#members = members;
	}

	/**
	 * The person changed what stands in the composer. Commands and whispers concern nobody else.
	 * @param {string} words
	 * @param {string} whisperTo
	 * @param {string} person
	 */
	typed(words, whisperTo, person) {
		if (words === "" || words.startsWith("/")) {
			this.stopped();
			return;
		}
		const wantsLive = preference("liveTyping") && !whisperTo;
		if (!wantsLive && !preference("typing")) return;
		clearTimeout(this.#timer);
		const wait = this.#last + (wantsLive ? SEND_LIVE_EVERY_MS : SEND_EVERY_MS) - performance.now();
		const tell = () => this.#tell(wantsLive ? words : null, whisperTo, person);
		if (wait <= 0) tell();
		else if (wantsLive) this.#timer = setTimeout(tell, wait);
	}

	/** Sent, emptied, or left: the others need not wait until it times out. */
	stopped() {
		clearTimeout(this.#timer);
		if (!this.#isOn) return;
		this.#isOn = false;
		this.#last = 0;
		this.#live("");
		if (this.#members.count <= MAX_ROOM) this.#send({ type: "typing", state: false });
	}

	/** @param {string | null} words @param {string} whisperTo @param {string} person */
	#tell(words, whisperTo, person) {
		this.#last = performance.now();
		this.#isOn = true;
		const reached = words === null ? 0 : this.#live(words).size;
		if (words !== null && reached >= this.#members.count - 1) return;
		if (this.#members.count > MAX_ROOM) return;
		/** @type {Message} */
		const message = { type: "typing", state: true };
		if (words !== null) message.text = words.slice(-MAX_LIVE);
		if (whisperTo) Object.assign(message, { to: whisperTo, person: person || undefined });
		this.#send(message);
	}

	/**
	 * Somebody else types, as told over the socket or a data channel.
	 * @param {string} from
	 * @param {boolean} state
	 * @param {string} [words]
	 */
	heard(from, state, words) {
		clearTimeout(this.#typists.get(from)?.timer);
		this.#typists.delete(from);
		if (state && !isIgnored(from) && this.#typists.size < MAX_TYPISTS) {
			const timer = setTimeout(() => this.heard(from, false), FORGET_AFTER_MS);
			this.#typists.set(from, { timer, words: typeof words === "string" ? words.slice(-MAX_LIVE) : "" });
		}
		this.draw();
	}

	draw() {
		if (!this.#isShown()) return;
		const names = [...this.#typists.keys()];
		const live = [...this.#typists].filter(([, { words }]) => words).slice(0, 2);
		let line = "";
		if (live.length > 0) line = live.map(([name, { words }]) => `${name}: ${words}`).join("  ·  ");
		else if (names.length > 3) line = text("severalTyping");
		else if (names.length > 0) line = text(names.length === 1 ? "isTyping" : "areTyping", { names: names.join(", ") });
		this.#line.textContent = line;
	}
}
