// The address of a room's WebSocket, with who is asking and from where to resume.

import { randomId } from "../client/random_id.js";
import { readStored, writeStored } from "./storage.js";

/** Tells the server that it is this browser again, so that what is sent twice is stored once. No name, no log-in. */
export function clientToken() {
	const token = readStored("client", "") || randomId();
	writeStored("client", token);
	return token;
}

// Of this page while it is open: two tabs of one browser are two connections; one that comes back takes its own over.
const PAGE_TOKEN = randomId();

/**
 * @param {string} base Where the rooms are, relative to the page.
 * @param {string} room "" for none yet.
 * @param {{ since?: string, history?: number }} place What was seen last, or how much to begin with.
 */
export function roomSocketAddress(base, room, { since, history }) {
	const rooms = new URL(base, document.baseURI);
	const url = new URL(encodeURIComponent(room), rooms.href.endsWith("/") ? rooms : `${rooms.href}/`);
	url.protocol = url.protocol.replace("http", "ws");
	url.searchParams.set("format", "json");
	// A server that knows one room at a time overlooks it.
	url.searchParams.set("protocol", "2");
	url.searchParams.set("client", clientToken());
	url.searchParams.set("page", PAGE_TOKEN);
	// Used only if the session does not say who this is.
	const name = readStored("name", "");
	if (name) url.searchParams.set("nick", name);
	if (since) url.searchParams.set("since", since);
	else if (history !== undefined) url.searchParams.set("history", String(history));
	return url;
}
