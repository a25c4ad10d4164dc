// What surrounds the conversation: the line above its first entry, the words of an empty room, the button to the end.

import { byId } from "./dom.js";
import { text } from "./texts.js";

export class Edges {
	#room;
	/** Messages that came while the person read further up. */
	unseen = 0;

	/** @param {{ label: string }} room */
	constructor(room) {
		this.#room = room;
	}

	/**
	 * @param {{ reachesStart: boolean, reachesEnd: boolean, isPinned: boolean, aim: { isGone: boolean } }} timeline
	 * @param {{ isWelcome: boolean, pending: number }} state
	 */
	draw({ reachesStart, reachesEnd, isPinned, aim }, { isWelcome, pending }) {
		const silent = !byId("log").querySelector(".entry") && pending === 0;
		const empty = isWelcome && silent && reachesStart && reachesEnd;
		byId("empty-room").hidden = !empty;
		let edge = "";
		if (isWelcome && !empty) edge = reachesStart ? text("beginning", { room: this.#room.label }) : text("loadingOlder");
		write("edge", edge);
		if (isPinned) this.unseen = 0;
		byId("jump").hidden = isPinned && !aim.isGone;
		byId("jump").classList.toggle("bar", aim.isGone || !reachesEnd);
		const words = this.unseen ? text("unreadCount", { count: this.unseen }) : text("jumpNewest");
		write("jump-text", words);
		write("jump-note", aim.isGone ? text("messageGone") : reachesEnd ? "" : text("lookingBack"));
	}
}

/** What stays as it is, is not written anew. @param {string} id @param {string} words */
function write(id, words) {
	const node = byId(id);
	if (node.textContent !== words) node.textContent = words;
}
