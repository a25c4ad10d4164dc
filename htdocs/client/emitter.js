// Who wants to hear of what.

export class Emitter {
	/** @type {Map<string, Set<(detail: any) => void>>} */
	#listeners = new Map();

	/**
	 * Calls `listener` for each such event, after those added before.
	 * @param {string} event
	 * @param {(detail: any) => void} listener
	 * @returns {() => void} What ends it.
	 */
	on(event, listener) {
		const listeners = this.#listeners.get(event) ?? new Set();
		this.#listeners.set(event, listeners.add(listener));
		return () => listeners.delete(listener);
	}

	/**
	 * A listener that throws keeps nothing from the others: what it threw is reported.
	 * @param {string} event
	 * @param {any} [detail]
	 */
	emit(event, detail) {
		for (const listener of [...(this.#listeners.get(event) ?? [])]) {
			try {
				listener(detail);
			} catch (error) {
				(globalThis.reportError ?? console.error)(error);
			}
		}
	}
}
