// The ways to the search in all rooms: a button in the room's head, one below the rooms, and Ctrl+Shift+F. It is loaded
// when it is first opened.

import { byId } from "./dom.js";

/** @param {import("./rooms.js").Rooms} rooms @param {(room: string, at: string) => void} show */
export function wireSearch(rooms, show) {
	const open = async () => {
		if (document.querySelector("dialog[open]")) return;
		const { openSearch } = await import("./search/search.js");
		const { name, label } = rooms.shown ?? { name: "", label: "" };
		const labelOf = (/** @type {string} */ room) => rooms.all.find((known) => known.name === room)?.label ?? room;
		openSearch({ here: { name, label }, labelOf, show });
	};
	byId("search-button").addEventListener("click", open);
	byId("search-all-button").addEventListener("click", open);
	document.addEventListener("keydown", (event) => {
		if (event.code !== "KeyF" || !event.shiftKey || !(event.ctrlKey || event.metaKey) || event.altKey) return;
		event.preventDefault();
		open();
	});
}
