// The line above the conversation: how the connection is.

import { byId, element } from "./dom.js";
import { text } from "./texts.js";

/** A connection that opens at once needs no words. */
const SAY_CONNECTING_AFTER_MS = 800;

/** A browser does not tell why a connection was refused: after so many, the page asks whether the server is there. */
const ASK_AFTER = 2;

/**
 * The words for a connection that the server ends for good, by the reason it gives.
 * @type {Record<string, string>}
 */
const BYE_KEYS = {
	kicked: "byeKicked",
	banned: "byeBanned",
	replaced: "byeReplaced",
	quit: "byeQuit",
	logged_out: "byeLoggedOut",
};

/**
 * Of what the server says, the page says the first half itself: "you are banned: spam".
 * @param {Bye} bye
 */
export function byeWords({ reason, text: words = "" }) {
	const key = BYE_KEYS[reason];
	const why = key ? words.split(": ").slice(1).join(": ") : words;
	return text(key ?? "byeRefused", { reason: why });
}

export class Banner {
	#box = byId("banner");
	#actions;
	#clock = 0;

	/** @param {BannerActions} actions */
	constructor(actions) {
		this.#actions = actions;
	}

	/** @param {State} state @param {Detail} [detail] */
	show(state, detail = {}) {
		this.#stop();
		document.body.dataset.connection = state;
		if (state === "connecting") this.#clock = setTimeout(() => this.#say(text("connecting")), SAY_CONNECTING_AFTER_MS);
		else if (state === "waiting") this.#waits(detail);
		else if (state === "offline") this.#say(text("offline"), true);
		else this.#say(detail.words ?? "", true, this.#button("rejoin", this.#actions.enterAgain));
	}

	/** The server let us in: there is nothing to say. */
	welcomed() {
		this.#stop();
		this.#say("");
		document.body.dataset.connection = "welcome";
	}

	/** @param {Detail} detail */
	async #waits({ until = 0, unopened = 0 }) {
		this.#countDown(until, "reconnecting");
		if (unopened < ASK_AFTER) return;
		const clock = this.#clock;
		const isThere = await this.#actions.isServerThere();
		// Only if nothing else has happened meanwhile.
		if (isThere && clock === this.#clock) this.#countDown(until, "notTaken");
	}

	/** @param {number} until @param {string} key Of the words, with the seconds left. */
	#countDown(until, key) {
		this.#stop();
		const draw = () => {
			const seconds = Math.max(0, Math.ceil((until - Date.now()) / 1000));
			this.#say(text(key, { seconds }), true, this.#button("tryNow", this.#actions.tryNow));
		};
		draw();
		this.#clock = setInterval(draw, 1000);
	}

	#stop() {
		// One table of timers serves both kinds.
		clearTimeout(this.#clock);
	}

	/** @param {string} words Without them the line goes. @param {HTMLElement} [button] */
	#say(words, bad = false, button) {
		this.#box.hidden = !words;
		this.#box.className = bad ? "banner bad" : "banner";
		this.#box.replaceChildren(element("span", {}, words));
		if (button) this.#box.append(button);
	}

	/** @param {string} key @param {() => void} onclick */
	#button(key, onclick) {
		return element("button", { type: "button", class: "link", onclick }, text(key));
	}
}
