// The line above the conversation: how the connection is.

import { byId, element } from "./dom.js";
import { text } from "./texts.js";

/** A connection that opens at once needs no words. */
const SAY_CONNECTING_AFTER_MS = 800;

export class Banner {
	#box = byId("banner");
	#actions;
	#clock = 0;

	/** @param {{ tryNow: () => void, enterAgain: () => void }} actions */
	constructor(actions) {
		this.#actions = actions;
	}

	/** @param {State} state @param {Detail} [detail] */
	show(state, detail = {}) {
		this.#stop();
		document.body.dataset.connection = state;
		if (state === "connecting") this.#clock = setTimeout(() => this.#say(text("connecting")), SAY_CONNECTING_AFTER_MS);
		else if (state === "waiting") this.#countDown(detail.until ?? 0);
		else if (state === "offline") this.#say(text("offline"), true);
		else this.#say(detail.words ?? "", true, this.#button("rejoin", this.#actions.enterAgain));
	}

	/** The server let us in: there is nothing to say. */
	welcomed() {
		this.#stop();
		this.#say("");
		document.body.dataset.connection = "welcome";
	}

	/** @param {number} until */
	#countDown(until) {
		const draw = () => {
			const seconds = Math.max(0, Math.ceil((until - Date.now()) / 1000));
			this.#say(text("reconnecting", { seconds }), true, this.#button("tryNow", this.#actions.tryNow));
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
