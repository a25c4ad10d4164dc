// What changes in the page when a preference, the theme or the day does.

import { byId } from "./dom.js";
import { onMidnight } from "./midnight.js";
import { onPreference, preference } from "./preferences.js";
import { onTheme } from "./theme.js";

/** @param {import("./rooms.js").Rooms} rooms @param {() => void} recolor Reads anew what names are written on. */
export function followPreferences(rooms, recolor) {
	const redraw = () => rooms.shown?.redraw();
	onTheme(() => {
		recolor();
		redraw();
	});
	const showEvents = () => byId("log").classList.toggle("hide-events", !preference("events"));
	onPreference((name) => {
		if (["smileys", "formatting", "ignored"].includes(name)) redraw();
		if (name === "events") showEvents();
		if (name === "liveTyping") for (const room of rooms.all) room.calls.updateLive();
	});
	showEvents();
	onMidnight(redraw);
}
