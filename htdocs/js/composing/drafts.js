// What was being written in each room, kept in this browser with what it is for: restored without its addressee, a
// whisper would go to everybody. An account's drafts are shown to nobody else.

import { dropStored, readStored, storedKeys, writeStored } from "../storage.js";

/** Rooms whose draft is kept; the oldest go. */
const MAX_DRAFTS = 50;
/** The longest, in units of UTF-16: what no server takes need not be kept. */
const MAX_UNITS = 20_000;
/** Of a message that is answered. */
const MAX_QUOTED = 300;

/** @param {string} account @param {string} room No name of a room has a slash. */
const keyOf = (account, room) => (account ? `draft.${account}/${room}` : `draft.${room}`);

/**
 * What was begun before somebody logged in is theirs afterwards.
 * @param {string} account @param {string} room
 */
export function readDraft(account, room) {
	const own = cleanDraft(readStored(keyOf(account, room), null));
	return own.words || own.task || !account ? own : cleanDraft(readStored(keyOf("", room), null));
}

/** @param {string} account @param {string} room @param {Draft} draft */
export function keepDraft(account, room, draft) {
	if (!room) return;
	const key = keyOf(account, room);
	if ((!draft.words && !draft.task) || draft.words.length > MAX_UNITS) dropStored(key);
	else if (writeStored(key, { ...draft, at: Date.now() })) forgetOldest(key);
	if (account) dropStored(keyOf("", room));
}

/** @param {string} kept Has just been written. */
function forgetOldest(kept) {
	const keys = storedKeys("draft.");
	if (keys.length <= MAX_DRAFTS) return;
	const age = (/** @type {string} */ key) => Number(readStored(key, null)?.at) || 0;
	const [oldest] = keys.filter((key) => key !== kept).sort((a, b) => age(a) - age(b));
	dropStored(oldest);
}

/** Somebody logs out: nothing of what they wrote stays on this device. */
export function forgetDrafts() {
	for (const key of storedKeys("draft.")) dropStored(key);
}

/**
 * Stored values are looked at like a stranger's. A draft of an earlier version is its text alone.
 * @param {any} kept
 * @returns {Draft}
 */
export function cleanDraft(kept) {
	const string = (/** @type {unknown} */ value) => (typeof value === "string" ? value : "");
	const { words, to, person, isPasted, task } = typeof kept === "string" ? { words: kept } : (kept ?? {});
	return { words: string(words), to: string(to), person: string(person), isPasted: isPasted === true, ...taskOf(task) };
}

/** @param {any} task @returns {{ task?: Task }} */
function taskOf(task) {
	if (!["reply", "edit"].includes(task?.kind) || typeof task.id !== "string") return {};
	const [from, words, stash] = [task.from, task.words, task.stash].map((value) => String(value ?? ""));
	return { task: { kind: task.kind, id: task.id, from, words: words.slice(0, MAX_QUOTED), stash } };
}

/** @param {Task["kind"]} kind @param {Entry} record @param {string} stash @returns {Task} */
export function newTask(kind, { id, from, text = "" }, stash) {
	return { kind, id, from, words: text.slice(0, MAX_QUOTED), stash };
}
