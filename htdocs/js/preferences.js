// What a person has set, kept in this browser for all of the site's tabs.

import { onStored, readStored, writeStored } from "./storage.js";

/** @type {Preferences} */
const DEFAULTS = {
	theme: "", // "" follows the system
	language: "",
	notify: false,
	sound: true,
	quiet: false,
	smileys: true,
	formatting: true,
	events: true,
	typing: false,
	liveTyping: false,
	readMarks: false,
	typingOff: [],
	relayOnly: false,
	ctrlEnter: false,
	skinTone: "",
	ignored: [],
};

/** The longest ignore list kept: it is looked through for every message. */
const MAX_IGNORED = 500;

/** @template {Preference} Name @param {Name} name @returns {Preferences[Name]} */
export function preference(name) {
	const fallback = DEFAULTS[name];
	const value = readStored(`preference.${name}`, fallback);
	return typeof value === typeof fallback && Array.isArray(value) === Array.isArray(fallback) ? value : fallback;
}

/** @type {Set<(name: Preference) => void>} */
const listeners = new Set();

/** @template {Preference} Name @param {Name} name @param {Preferences[Name]} value */
export function setPreference(name, value) {
	writeStored(`preference.${name}`, value);
	for (const listener of listeners) listener(name);
}

/**
 * Called for a change here and in this site's other tabs.
 * @param {(name: Preference) => void} listener
 */
export function onPreference(listener) {
	listeners.add(listener);
}

onStored("preference.", (name) => {
	if (!Object.hasOwn(DEFAULTS, name)) return;
	for (const listener of listeners) listener(/** @type {Preference} */ (name));
});

/** @param {string} name */
export const isIgnored = (name) => preference("ignored").includes(name);

/** @param {string} name */
export function ignore(name) {
	const rest = preference("ignored").filter((other) => other !== name);
	setPreference("ignored", [...rest, name].slice(-MAX_IGNORED));
}

/** @param {string} name */
export function unignore(name) {
	setPreference(
		"ignored",
		preference("ignored").filter((other) => other !== name),
	);
}
