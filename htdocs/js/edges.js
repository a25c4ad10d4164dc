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
	 * @param {{ reachesStart: boolean, reachesEnd: boolean, isPinned: boolean }} timeline
	 * @param {{ isWelcome: boolean, pending: number }} state
	 */
	draw({ reachesStart, reachesEnd, isPinned }, { isWelcome, pending }) {
		const silent = !byId("log").querySelector(".entry") && pending === 0;
		const empty = isWelcome && silent && reachesStart && reachesEnd;
		byId("empty-room").hidden = !empty;
		let edge = "";
		if (isWelcome && !empty) edge = reachesStart ? text("beginning", { room: this.#room.label }) : text("loadingOlder");
		if (byId("edge").textContent !== edge) byId("edge").textContent = edge;
		if (isPinned) this.unseen = 0;
		byId("jump").hidden = isPinned;
		byId("jump-text").textContent = this.unseen ? text("unreadCount", { count: this.unseen }) : text("jumpNewest");
	}
}
