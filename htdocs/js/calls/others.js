// The other pages that take part in something: a call, live typing. Pages are known by an id of their own, not by name:
// a call outlives a reconnect of the socket, even under another name.

import { MAX_OTHERS } from "./limits.js";

/** A page whose socket went is kept this long, unless the connection itself says otherwise. */
const KEEP_MS = 30000;
/** A page that is asked whether it is still there has this long. */
const DOUBT_MS = 10000;
/** After how many looks a connection that does not come about is made anew; then after twice as many, and so on. */
const PATIENCE = 3;
const LONGEST_PATIENCE = 12;

export class Other {
	call = false;
	live = false;
	/** What they show is their screen. */
	screen = false;
	/** @type {Peer | null} */
	peer = null;
	/** @type {MediaStream | null} */
	stream = null;
	gone = 0;
	#looks = 0;
	#patience = PATIENCE;

	/** @param {string} page @param {string} name @param {string} person Whose page it is. */
	constructor(page, name, person) {
		this.page = page;
		this.name = name;
		this.person = person;
	}

	/** In its hello. @param {{ call?: unknown, live?: unknown, screen?: unknown }} data */
	says({ call, live, screen }) {
		[this.call, this.live, this.screen] = [call === true, live === true, screen === true];
	}

	get isConnected() {
		return this.peer?.state === "connected";
	}

	/** Looked at once more without a connection: true when it is time to begin anew, ever later. */
	isOverdue() {
		this.#looks += 1;
		if (this.#looks < this.#patience) return false;
		this.#looks = 0;
		this.#patience = Math.min(this.#patience * 2, LONGEST_PATIENCE);
		return true;
	}

	/** It is connected: the next trouble is looked at with fresh patience. */
	calm() {
		this.#looks = 0;
		this.#patience = PATIENCE;
	}

	disconnect() {
		this.peer?.close();
		this.peer = null;
		this.stream = null;
	}
}

export class Others {
	/** @type {Map<string, Other>} */
	#all = new Map();

	/** @returns {Other[]} */
	get all() {
		return [...this.#all.values()];
	}

	get callers() {
		return this.all.filter(({ call }) => call);
	}

	/** @param {string} page */
	get(page) {
		return this.#all.get(page);
	}

	/** Any page under that name. @param {string} name */
	named(name) {
		return this.all.find((other) => other.name === name);
	}

	/** Whether their person is here with another page: then this one may be gone without a word. @param {Other} one */
	hasConnectedTwin({ page, name }) {
		return this.all.some((other) => other.page !== page && other.name === name && other.isConnected);
	}

	/**
	 * A new page under that name: another device, or what a reload made of one. Of the others under the name those are
	 * forgotten that take part in nothing. Null if too many are known.
	 * @param {string} page
	 * @param {string} name
	 * @param {string} person
	 */
	add(page, name, person) {
		for (const before of this.all) {
			if (before.name === name && !before.call && !before.isConnected) this.forget(before);
		}
		if (this.#all.size >= MAX_OTHERS) return null;
		const other = new Other(page, name, person);
		this.#all.set(page, other);
		return other;
	}

	/**
	 * Who says hello from a page: known, new, or null for nobody's business. A page's number is known to all whom it
	 * greeted: it is not whose page it is.
	 * @param {string} page
	 * @param {string} name
	 * @param {string} person
	 * @param {(name: string) => boolean} isThere
	 */
	claim(page, name, person, isThere) {
		const other = this.get(page) ?? this.add(page, name, person);
		if (other?.person !== person) return null;
		if (other.name !== name) {
			// The same page under a new name, after a reconnect. A name that is still there is somebody else's claim.
			if (isThere(other.name)) return null;
			other.name = name;
		}
		clearTimeout(other.gone);
		return other;
	}

	/** Over their data channels. @param {string} words @returns Names of those it reached. */
	tellLive(words) {
		const reached = this.all.filter(({ live, peer }) => live && peer?.tellTyping(words));
		return new Set(reached.map(({ name }) => name));
	}

	/** @param {string} from @param {string} to */
	rename(from, to) {
		for (const other of this.all) if (other.name === from) other.name = to;
	}

	/** All pages under that name. @param {string} name */
	expel(name) {
		for (const other of this.all) if (other.name === name) this.forget(other);
	}

	/** @param {Other} other */
	forget(other) {
		clearTimeout(other.gone);
		other.disconnect();
		this.#all.delete(other.page);
	}

	/**
	 * A page of theirs is new, and may stand for one of these: those that do not answer are forgotten. True if there are
	 * any.
	 * @param {string} name
	 * @param {() => void} forgotten
	 */
	doubt(name, forgotten) {
		const known = this.all.filter((other) => other.name === name);
		for (const other of known) this.#forgetLater(other, forgotten, DOUBT_MS);
		return known.length > 0;
	}

	/**
	 * @param {Other} other
	 * @param {() => void} forgotten
	 * @param {number} ms
	 */
	#forgetLater(other, forgotten, ms) {
		clearTimeout(other.gone);
		other.gone = setTimeout(() => {
			if (other.isConnected) return;
			this.forget(other);
			forgotten();
		}, ms);
	}

	/**
	 * Their last socket is gone.
	 * @param {string} name
	 * @param {() => void} forgotten
	 */
	left(name, forgotten) {
		for (const other of this.all) if (other.name === name) this.#leftOne(other, forgotten);
	}

	/**
	 * Without a connection there is nothing that could live on.
	 * @param {Other} other
	 * @param {() => void} forgotten
	 */
	#leftOne(other, forgotten) {
		if (other.peer) this.#forgetLater(other, forgotten, KEEP_MS);
		else {
			this.forget(other);
			forgotten();
		}
	}
}
