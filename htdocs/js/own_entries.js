// Whispers and notices are not in the room's log: the page keeps them for when their place is shown again.

/** More are forgotten, oldest first. */
const MAX_OWN = 500;

export class OwnEntries {
	/** @type {Entry[]} */
	#entries = [];

	/** @param {Entry} entry */
	add(entry) {
		this.#entries.push(entry);
		if (this.#entries.length > MAX_OWN) this.#entries.shift();
	}

	clear() {
		this.#entries = [];
	}

	/**
	 * Those that stand among `records`, with them in order; also before the first and after the last, where nothing else
	 * can.
	 * @param {Entry[]} records In order.
	 * @param {{ reachesStart: boolean, reachesEnd: boolean }} edges
	 */
	into(records, edges) {
		const all = [...records, ...this.#among(records, edges)];
		return all.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
	}

	/** @param {Entry[]} records @param {{ reachesStart: boolean, reachesEnd: boolean }} edges */
	#among(records, { reachesStart, reachesEnd }) {
		const [first, last] = [records[0], records.at(-1)];
		if (!first || !last) return reachesStart && reachesEnd ? this.#entries : [];
		return this.#entries.filter(({ id }) => (id >= first.id || reachesStart) && (id <= last.id || reachesEnd));
	}
}
