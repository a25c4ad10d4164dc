// Addresses of rooms, their history and their messages.

/** @param {string} name A parameter of this page's address. */
export function parameter(name) {
	return new URLSearchParams(location.search).get(name) ?? "";
}

/**
 * Rooms as the server names them: blanks and underscores become dashes. The server has the last word.
 * @param {string} typed
 */
export function tidyRoom(typed) {
	return typed
		.normalize("NFC")
		.trim()
		.replace(/[\s_]+/gu, "-")
		.slice(0, 64);
}

/** @param {string} room @param {string} [at] The id of a message that is to be shown there. */
export const roomAddress = (room, at = "") =>
	`./?room=${encodeURIComponent(room)}${at ? `&at=${encodeURIComponent(at)}` : ""}`;

/** The message that this page's address points to; "" for none. */
export function messageInAddress() {
	const at = parameter("at");
	return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(at) ? at : "";
}

/**
 * What a link of invitation brings: behind the `#`, so that no server and no log is told before the room is entered.
 * @returns {{ invitation?: string }}
 */
export function invitationInAddress() {
	const invitation = new URLSearchParams(location.hash.slice(1)).get("invitation");
	return invitation ? { invitation } : {};
}

/** @param {string} room */
export const historyAddress = (room) => `room_history.html?room=${encodeURIComponent(room)}`;

/** For people who read without entering. @param {string} room @param {string} at The id of a message. */
export const historyPlaceAddress = (room, at) => `${historyAddress(room)}&at=${encodeURIComponent(at)}`;

/** A permalink: opens the conversation around the message. @param {string} room @param {string} id */
export const messageAddress = (room, id) => new URL(roomAddress(room, id), document.baseURI).href;

/** False for what the server would not even read as one: it is part of an address. @param {string} room */
export const isRoomName = (room) => !/^\.|[/\\\p{Cc}]/u.test(room);

/** Where people log in, and back to this room afterwards. @param {string} address @param {string} room */
export function logInAddress(address, room) {
	const url = new URL(address, document.baseURI);
	url.searchParams.set("room", room);
	return url.href;
}

/**
 * A room for who is logged in: the way is the one page, and back.
 * @param {Message} message
 * @param {Config} config
 * @param {{ shown: { name: string } | null | undefined }} rooms
 * @returns True if the page goes there.
 */
export function leadsToLogIn({ code, room }, { login_url: address }, rooms) {
	const shown = rooms.shown?.name ?? "";
	if (code !== "anonymous_refused" || !address || (room !== undefined && room !== shown)) return false;
	location.replace(logInAddress(address, shown));
	return true;
}
