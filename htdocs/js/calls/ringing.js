// A call that comes in, in whichever room the person is: it says who calls and rings until somebody answers, on one
// page of each browser. It does not take the focus from who is writing.

import { element, icon, loadStyle } from "../dom.js";
import { preference } from "../preferences.js";
import { loadTexts, text } from "../texts.js";

await Promise.all([loadTexts("calls"), loadStyle("css/calls.css")]);

/** The caller has waited long enough. */
const RING_MS = 45_000;
const AGAIN_MS = 4000;
/** Of the pages of one browser, whichever has it is heard. */
const LOCK = "chat-ringing";

export class Ringing {
	/** @type {RingingCall | null} */
	#call = null;
	#box = element("section", { class: "ringing", "aria-label": text("incomingCall"), hidden: true });
	#timers = { again: 0, end: 0 };
	/** Lets another page ring. */
	#release = () => {};

	constructor() {
		document.body.append(this.#box);
	}

	/** @param {string} name @param {RingingCall} call */
	start(name, call) {
		this.stop();
		this.#call = call;
		if (call.isOver()) return this.stop();
		const words = element("p", { role: "alert", dir: "auto" }, text("callsYou", { name }));
		this.#box.replaceChildren(
			icon("phone"),
			words,
			this.#button("answerVoice", "microphone", "primary", () => call.answer("voice")),
			this.#button("answerVideo", "camera", "", () => call.answer("video")),
			this.#button("decline", "hang-up", "hang-up", () => call.decline()),
		);
		this.#box.hidden = false;
		this.#timers.end = setTimeout(() => this.stop(), RING_MS);
		if (preference("sound") && !preference("quiet")) this.#sound();
	}

	/** The call may be over. */
	look() {
		if (this.#call?.isOver()) this.stop();
	}

	async stop() {
		this.#call = null;
		this.#box.hidden = true;
		clearInterval(this.#timers.again);
		clearTimeout(this.#timers.end);
		this.#release();
		this.#release = () => {};
		(await import("../ring.js")).hush();
	}

	async #sound() {
		const call = this.#call;
		const { ring } = await import("../ring.js");
		const play = () => this.#call === call && ring();
		const begin = () => {
			if (this.#call !== call) return undefined;
			play();
			this.#timers.again = setInterval(play, AGAIN_MS);
			return new Promise((resolve) => (this.#release = () => resolve(undefined)));
		};
		if (navigator.locks) navigator.locks.request(LOCK, { ifAvailable: true }, (lock) => (lock ? begin() : undefined));
		else begin();
	}

	/** @param {string} key @param {string} picture @param {string} look @param {() => unknown} act */
	#button(key, picture, look, act) {
		const onclick = () => {
			this.stop();
			act();
		};
		return element(
			"button",
			{ type: "button", class: look, id: `ringing-${key}`, onclick },
			icon(picture, "calls"),
			text(key),
		);
	}
}
