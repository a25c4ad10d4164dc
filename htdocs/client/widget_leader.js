// Where there is no shared worker: the tab that has the lock leads, and speaks with the others over a channel. A tab
// that dies gives its lock back, whatever it dies of; one that only hangs has it taken away.

export class Leader {
	#uses;
	#channel;
	#name;
	/** @type {import("./widget_hub.js").Hub | null} Of the tab that leads. */
	#hub = null;
	#stay = new AbortController();

	/** @param {import("./types.d.ts").WayUses} uses */
	constructor(uses) {
		this.#uses = uses;
		this.#name = `chat-widget ${uses.key}`;
		this.#channel = new BroadcastChannel(this.#name);
		this.#channel.onmessage = ({ data }) => this.#heard(data);
		this.#wait({ signal: this.#stay.signal });
		// Whoever leads already takes it from here.
		uses.ready();
	}

	/** The tab that leads does not answer: this one does. */
	renew() {
		if (!this.#hub) this.#wait({ steal: true });
	}

	/** @param {any} message */
	post(message) {
		if (this.#hub) this.#hub.take(message);
		else this.#channel.postMessage({ up: message });
	}

	close() {
		this.#stay.abort();
		this.#end();
		this.#channel.close();
	}

	/** @param {any} data */
	#heard({ up, down, isNew }) {
		if (up) this.#hub?.take(up);
		else if (down) this.#uses.take(down);
		else if (isNew) this.#uses.ready();
	}

	/** @param {LockOptions} options */
	#wait(options) {
		navigator.locks
			.request(this.#name, options, () => this.#lead())
			.catch(() => {
				// Taken away, or no longer wanted.
				this.#end();
				if (!this.#stay.signal.aborted && !options.steal) this.#wait({ signal: this.#stay.signal });
			});
	}

	/** As long as this is pending the lock is held. */
	async #lead() {
		if (this.#stay.signal.aborted) return;
		this.#hub = await this.#uses.hub((message) => {
			this.#channel.postMessage({ down: message });
			this.#uses.take(message);
		});
		this.#channel.postMessage({ isNew: true });
		this.#uses.ready();
		await new Promise((resolve) => this.#stay.signal.addEventListener("abort", resolve));
	}

	#end() {
		this.#hub?.close();
		this.#hub = null;
	}
}
