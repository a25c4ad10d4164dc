// What the server says, for the parts of the room that care: one event per message, named by its type.

export class Feed extends EventTarget {
	/**
	 * Listeners are called in the order in which they were added; one that throws does not stop the others.
	 * @param {string | string[]} types
	 * @param {(message: any) => void} listener
	 */
	on(types, listener) {
		for (const type of [types].flat()) {
			this.addEventListener(type, (event) => listener(/** @type {CustomEvent} */ (event).detail));
		}
	}

	/** @param {Message} message */
	tell(message) {
		this.dispatchEvent(new CustomEvent(message.type, { detail: message }));
	}
}
