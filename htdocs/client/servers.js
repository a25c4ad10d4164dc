// Which of several servers is tried next. Any of them will do; one that failed just now is the last to be asked again.

/** A server that failed is behind the others for so long. */
const FAILED_FOR_MS = 60_000;

export class Servers {
	#ask;
	#now;
	/** @type {string[]} */
	#list = [];
	/** When each failed last. @type {Map<string, number>} */
	#failed = new Map();
	/** Those of this round that are still to be tried. @type {string[]} */
	#left = [];

	/**
	 * @param {() => string[] | Promise<string[]>} ask The list, best first; asked for anew with each round.
	 * @param {() => number} now
	 */
	constructor(ask, now) {
		this.#ask = ask;
		this.#now = now;
	}

	/** True if the next try begins a round: all of the last one have failed. */
	get isExhausted() {
		return this.#left.length === 0;
	}

	/** The next to try. @returns {string | Promise<string>} A promise where a list has to be waited for. */
	next() {
		if (!this.isExhausted) return /** @type {string} */ (this.#left.shift());
		const answer = this.#ask();
		if (Array.isArray(answer)) return this.#begin(answer);
		// Nobody to ask: those that were known may still be there.
		return answer.catch(() => this.#list).then((list) => this.#begin(list));
	}

	/** @param {string[]} list */
	#begin(list) {
		const since = this.#now() - FAILED_FOR_MS;
		const failed = (/** @type {string} */ server) => Math.max(since, this.#failed.get(server) ?? since);
		this.#list = list;
		// The one that failed longest ago first; where none has, the order is the list's.
		this.#left = list.toSorted((a, b) => failed(a) - failed(b));
		const first = this.#left.shift();
		if (first === undefined) throw new Error("there is no server to connect to");
		return first;
	}

	/** @param {string} server */
	failed(server) {
		this.#failed.set(server, this.#now());
	}

	/** It let us in: the next round begins with the best again. @param {string} server */
	worked(server) {
		this.#failed.delete(server);
		this.#left = [];
	}
}
