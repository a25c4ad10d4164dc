// What happens to the page itself: the browser's buttons, its being looked at or not, its being left.

import { followLinks } from "./page_address.js";
import { messageInAddress, parameter, tidyRoom } from "./addresses.js";

/**
 * @param {() => Room} shown
 * @param {(name: string, place: "push" | "keep", at?: string) => void} show Goes to a room, and to a message there.
 */
export function followPage(shown, show) {
	addEventListener("popstate", () => {
		const name = tidyRoom(parameter("room"));
		if (name) show(name, "keep", messageInAddress());
		else location.reload();
	});
	addEventListener("visibilitychange", () => {
		const room = shown();
		if (document.hidden) {
			room.reading.flush();
			if (room.timeline.isPinned) room.timeline.setLine("");
		} else room.looked();
	});
	followLinks((name, at) => show(name, "push", at));
	// Before the connection goes.
	addEventListener("pagehide", () => shown().reading.flush(), { capture: true });
	navigator.serviceWorker?.addEventListener("message", ({ data }) => data?.show && show(String(data.show), "push"));
}
