// Where what is not yet sent, and who we are, outlives the program: anything that gets, sets and deletes texts.

/**
 * Keeps things as long as the program runs.
 * @returns {import("./types.d.ts").Storage}
 */
export function memory() {
	const kept = new Map();
	return {
		get: (key) => kept.get(key),
		set: (key, value) => kept.set(key, value),
		delete: (key) => kept.delete(key),
	};
}

/**
 * A room's part of it. A storage may be full, off, or hold what another version wrote: then it only forgets.
 * @param {import("./types.d.ts").Storage} storage
 * @param {string} room
 * @returns {import("./types.d.ts").OutboxStore}
 */
export function outboxStore(storage, room) {
	const key = `outbox.${room}`;
	return {
		read() {
			try {
				return JSON.parse(storage.get(key) ?? "");
			} catch {
				// As if there were nothing.
			}
		},
		keep(messages) {
			try {
				if (messages.length) storage.set(key, JSON.stringify(messages));
				else storage.delete(key);
			} catch {
				// It is still in memory.
			}
		},
	};
}
