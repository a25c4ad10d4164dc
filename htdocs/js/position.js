// Which part of the room's log the page shows: the newest, or what is around a message that somebody points to. What
// nobody looks at is not fetched.

import { forgetMessage } from "./page_address.js";

/** Records asked for at a time. */
export const PAGE = 60;

export class Position {
	#room;
	/** Its newest records are here, or on their way; or those around a message. */
	isLoaded = false;
	/** Where to go once it can be asked for. @type {{ id: string, isMessage: boolean } | null} */
	#wanted = null;

	/** @param {Room} room */
	constructor(room) {
		this.#room = room;
	}

	/**
	 * From where to go on when the room is entered.
	 * @returns {{ since?: string, history?: number } & Keys}
	 */
	place() {
		const { conversation, timeline, isShown, keys } = this.#room;
		const since = this.isLoaded ? conversation.resumeId : "";
		const takesNewest = isShown && !this.#wanted;
		conversation.expectsNothing = !since && !takesNewest;
		if (since) return { since, ...keys };
		this.isLoaded = takesNewest;
		// Its window stands nowhere yet: what comes is not kept.
		if (!takesNewest) timeline.reachesEnd = false;
		return { history: takesNewest ? PAGE : 0, ...keys };
	}

	/** What is to be seen is fetched when the room is looked at for the first time, or goes elsewhere. */
	look() {
		const { conversation, timeline, isShown, reading } = this.#room;
		if (!isShown || !conversation.canAsk) return;
		const wanted = this.#wanted ?? timeline.aim.going;
		this.#wanted = null;
		if (wanted) {
			// What is newer than this, is told; what is older, is asked for where somebody scrolls.
			conversation.resumeId ||= conversation.last;
			timeline.goTo(wanted.id, wanted);
		}
		if (!wanted && !this.isLoaded) {
			timeline.newFrom(reading.newFrom);
			timeline.loadNewest();
		}
		this.isLoaded = true;
	}

	/**
	 * To a message, loading what is around it; with `isMessage` false, to the first from that moment on.
	 * @param {string} id
	 */
	goTo(id, { isMessage = true } = {}) {
		this.#wanted = { id, isMessage };
		this.look();
	}

	/** To the newest message. */
	toNewest() {
		this.#wanted = null;
		forgetMessage();
		this.#room.timeline.jumpToEnd();
	}
}
