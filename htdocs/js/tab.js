// A name for this tab that survives a reload, and a way to tell which other tabs are gone.

import { randomId } from "../client/random_id.js";
import { readStored, writeStored } from "./storage.js";

/**
 * Holds the lock of that name as long as the page lives; false if another tab holds it.
 * @param {string} name
 * @returns {Promise<boolean>}
 */
const hold = (name) =>
	new Promise((resolve) => {
		navigator.locks.request(`chat-tab-${name}`, { ifAvailable: true }, (lock) => {
			resolve(lock !== null);
			return lock && new Promise(() => {});
		});
	});

/**
 * A duplicated tab copies the name, so the name counts only while its lock is held; without locks (plain http) a
 * reload keeps the outbox and only a closed tab's is left alone.
 * @returns {Promise<Tab>}
 */
export async function claimTab() {
	let owner = readStored("tab", "", "sessionStorage");
	if (!navigator.locks) {
		owner ||= randomId();
		writeStored("tab", owner, "sessionStorage");
		return { owner, gone: () => false };
	}
	if (!owner || !(await hold(owner))) {
		owner = randomId();
		await hold(owner);
	}
	writeStored("tab", owner, "sessionStorage");
	const { held = [] } = await navigator.locks.query();
	const alive = new Set(held.map((lock) => lock.name));
	return { owner, gone: (other) => !alive.has(`chat-tab-${other}`) };
}
