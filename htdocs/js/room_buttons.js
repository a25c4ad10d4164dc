// The buttons around the conversation. A dialog is loaded when it is first opened.

import { historyAddress } from "./addresses.js";
import { byId } from "./dom.js";

/** @param {string} room @param {RoomButtons} actions */
export function wireRoomButtons(room, { jump, changeName, command }) {
	byId("room-name").textContent = room;
	byId("history-link").setAttribute("href", historyAddress(room));
	byId("jump").addEventListener("click", jump);
	byId("color-button").addEventListener("click", changeName);
	byId("settings-button").addEventListener("click", async () => (await import("./settings_dialog.js")).openSettings());
	byId("dice-button").addEventListener("click", async () => {
		const { openDiceDialog } = await import("./dice_dialog.js");
		openDiceDialog((count, sides, again) => command(`/dice ${count} ${sides}${again ? ` ${again}` : ""}`));
	});
}
