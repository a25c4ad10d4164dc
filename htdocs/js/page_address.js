// The page's address: the room that is shown, and the message in it that somebody points to. Links to messages of this
// chat stay in this window.

import { messageInAddress, parameter, roomAddress, tidyRoom } from "./addresses.js";

/** @param {"push" | "replace" | "keep"} how @param {string} room @param {string} [at] */
export function putAddress(how, room, at) {
	if (how === "push") history.pushState(null, "", roomAddress(room, at));
	else if (how === "replace") history.replaceState(null, "", roomAddress(room, at));
}

/** The page shows the newest messages again. */
export function forgetMessage() {
	if (messageInAddress()) putAddress("replace", tidyRoom(parameter("room")));
}

/** @param {(room: string, at: string) => void} show */
export function followLinks(show) {
	document.addEventListener("click", (event) => {
		const link = event.target instanceof Element && event.target.closest("a[href]");
		if (!(link instanceof HTMLAnchorElement) || !isPlain(event)) return;
		const { origin, pathname, searchParams } = new URL(link.href);
		const room = tidyRoom(searchParams.get("room") ?? "");
		const at = searchParams.get("at") ?? "";
		if (!room || !at || origin !== location.origin || pathname !== location.pathname) return;
		event.preventDefault();
		// A report in a list of them leads to what is behind the list.
		link.closest("dialog")?.close();
		show(room, at);
	});
}

/** Any other click does what it does to links. @param {MouseEvent} event */
const isPlain = (event) =>
	event.button === 0 && !event.defaultPrevented && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
