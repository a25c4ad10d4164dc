// room_create.html: a name for a new room.

import { roomAddress, tidyRoom } from "./addresses.js";
import { byId } from "./dom.js";
import { greet, openPage } from "./frame.js";
import { text } from "./texts.js";

await openPage("createTitle");
greet();
/** @type {HTMLInputElement} */
const field = byId("create-room");

field.addEventListener("input", () => {
	const room = tidyRoom(field.value);
	byId("create-address").textContent = room ? new URL(roomAddress(room), document.baseURI).href : "";
	byId("create-status").textContent = "";
});

byId("create-form").addEventListener("submit", (event) => {
	event.preventDefault();
	const room = tidyRoom(field.value);
	if (room) {
		location.assign(roomAddress(room));
	} else {
		byId("create-status").textContent = text("roomMissing");
		field.focus();
	}
});
field.focus();
