// What the menus can do in the room that is shown. The menus themselves are loaded with the first of them.

import { byId } from "./dom.js";

/** @param {(menus: RoomMenus) => void} open @param {Room} room @param {WindowUses} uses */
export async function openMenus(open, room, { backdrop, compose, talkTo, sendToAll, rooms }) {
	const { RoomMenus } = await import("./room_menus.js");
	/** @type {MenuUses} */
	const uses = {
		me: room.me,
		backdrop,
		members: room.members,
		whisper: (other, person) => compose().whisper(other, person),
		mention: (other) => compose().insert(other),
		talkTo,
		compose,
		command: (words) => room.submit({ words, to: "" }),
		room,
		sendToAll,
		roomsOf: (number) =>
			rooms.all.filter(({ members }) => members.all.some(({ person }) => person === number)).map(({ label }) => label),
		rename: (name, color) => rename(room, name, color),
	};
	open(new RoomMenus(uses));

	/** In all rooms. @param {Room} shown @param {string} name @param {string} color "" for as it is. */
	function rename({ me }, name, color) {
		if (name !== me.name) sendToAll({ type: "nick", nick: name });
		if (color && color !== me.color) sendToAll({ type: "color", color });
		byId("name-hint").hidden = true;
	}
}
