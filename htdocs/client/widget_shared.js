// A tab's way to the one connection of the browser: a shared worker, where the widget's script is of the page's own
// origin; else, and where there are no such workers, one tab leads and the others speak with it over a channel. When
// the worker or the leading tab dies, another takes over, and every tab tells the new one what it wants.

import { randomId } from "./random_id.js";

/** So long a hub may be silent before it is taken for dead. */
const ANSWER_MS = 4000;
/** While a tab is looked at it asks so often whether the hub is there. */
const ASK_MS = 15_000;

export class Shared {
	#uses;
	#tab = randomId();
	/** @type {import("./types.d.ts").HubWay | null} */
	#way = null;
	#timer = 0;
	#stay = new AbortController();
	#isHeard = true;

	/** @param {import("./types.d.ts").SharedUses} uses */
	constructor(uses) {
		this.#uses = uses;
		const { signal } = this.#stay;
		document.addEventListener("visibilitychange", () => this.#ask(), { signal });
		addEventListener("pagehide", () => this.#leave(), { signal });
		addEventListener("pageshow", ({ persisted }) => persisted && this.#start(), { signal });
		this.#start();
	}

	/** @param {{ type: string } & Record<string, unknown>} message */
	post(message) {
		this.#way?.post({ ...message, tab: this.#tab, key: this.#uses.key });
	}

	close() {
		this.#stay.abort();
		this.#leave();
	}

	#leave() {
		clearTimeout(this.#timer);
		this.post({ type: "bye" });
		this.#way?.close();
		this.#way = null;
	}

	async #start() {
		const { key, hub, ready } = this.#uses;
		const take = (/** @type {any} */ message) => this.#take(message);
		const isOwn = new URL(import.meta.url).origin === location.origin;
		const Way = isOwn && "SharedWorker" in globalThis ? Worker : (await import("./widget_leader.js")).Leader;
		if (this.#stay.signal.aborted) return;
		// Called at once, before there is a way, by neither.
		this.#way = new Way({ key, hub, take, ready: () => queueMicrotask(ready) });
		this.#ask();
	}

	/** @param {any} message */
	#take(message) {
		this.#isHeard = true;
		if (message.to && message.to !== this.#tab) return;
		if (message.type !== "here") this.#uses.take(message);
	}

	/** Whether it is still there: browsers freeze tabs, and end workers, and tell nobody. */
	#ask() {
		clearTimeout(this.#timer);
		if (document.hidden || !this.#way) return;
		this.#isHeard = false;
		this.post({ type: "visible" });
		this.#timer = Number(
			setTimeout(() => {
				if (!this.#isHeard) this.#way?.renew();
				this.#timer = Number(setTimeout(() => this.#ask(), ASK_MS));
			}, ANSWER_MS),
		);
	}
}

class Worker {
	/** @type {SharedWorker | null} */
	#worker = null;
	#uses;

	/** @param {import("./types.d.ts").WayUses} uses */
	constructor(uses) {
		this.#uses = uses;
		this.renew();
	}

	renew() {
		this.#worker?.port.close();
		this.#worker = new SharedWorker(new URL("./widget_worker.js", import.meta.url), {
			type: "module",
			name: "chat-widget",
		});
		this.#worker.port.onmessage = ({ data }) => this.#uses.take(data);
		this.#uses.ready();
	}

	/** @param {object} message */
	post(message) {
		this.#worker?.port.postMessage(message);
	}

	close() {
		this.#worker?.port.close();
	}
}
