// What this browser keeps, in localStorage or, for one tab, in sessionStorage. Both may be off, full or hold
// another version's values: then the page works on, it only forgets.

const PREFIX = "chat.";

/**
 * @param {string} key
 * @param {any} fallback Given back where nothing readable is stored.
 * @param {Place} [place]
 * @returns {any}
 */
export function readStored(key, fallback, place = "localStorage") {
	try {
		const raw = globalThis[place].getItem(PREFIX + key);
		return raw === null ? fallback : JSON.parse(raw);
	} catch {
		return fallback;
	}
}

/** @param {string} key @param {unknown} value @param {Place} [place] */
export function writeStored(key, value, place = "localStorage") {
	try {
		globalThis[place].setItem(PREFIX + key, JSON.stringify(value));
		return true;
	} catch {
		return false;
	}
}

/** @param {string} key */
export function dropStored(key) {
	try {
		globalThis.localStorage.removeItem(PREFIX + key);
	} catch {
		// Nothing was kept, so nothing is left.
	}
}

/** @param {string} start */
export function storedKeys(start) {
	try {
		return Object.keys(globalThis.localStorage)
			.filter((key) => key.startsWith(PREFIX + start))
			.map((key) => key.slice(PREFIX.length));
	} catch {
		return [];
	}
}

/**
 * Calls `changed` when another tab of this site stores something under a key that starts with `start`.
 * @param {string} start
 * @param {(rest: string) => void} changed Gets the key without `start`.
 */
export function onStored(start, changed) {
	globalThis.addEventListener?.("storage", ({ key }) => {
		if (key?.startsWith(PREFIX + start)) changed(key.slice(PREFIX.length + start.length));
	});
}
