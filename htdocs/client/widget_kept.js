// A browser's storage, which may be off or full: then the widget only forgets. All tabs of an origin share it.

const PREFIX = "chat-widget.";

/** @template T @param {(storage: globalThis.Storage) => T} use @param {T} otherwise @returns {T} */
function attempt(use, otherwise) {
	try {
		return use(globalThis.localStorage);
	} catch {
		return otherwise;
	}
}

export const kept = {
	/** @param {string} key @returns {string | null} */
	get: (key) => attempt((storage) => storage.getItem(PREFIX + key), null),
	/** @param {string} key @param {string} value */
	set: (key, value) => attempt((storage) => storage.setItem(PREFIX + key, value), undefined),
	/** @param {string} key */
	delete: (key) => attempt((storage) => storage.removeItem(PREFIX + key), undefined),
	/** @param {string} start @returns {string[]} The keys that begin so. */
	keys: (start) =>
		attempt((storage) => Object.keys(storage), /** @type {string[]} */ ([]))
			.filter((key) => key.startsWith(PREFIX + start))
			.map((key) => key.slice(PREFIX.length)),
	/** @param {string} key @returns {any} What {@link put} has put there; null for anything else. */
	read(key) {
		try {
			return JSON.parse(kept.get(key) ?? "null");
		} catch {
			return null;
		}
	},
	/** @param {string} key @param {unknown} value */
	put: (key, value) => kept.set(key, JSON.stringify(value)),
};
