// The buttons around the conversation. A dialog is loaded when it is first opened.

import { byId } from "./dom.js";

/** @param {RoomButtons} actions Of the room that is shown. */
export function wireRoomButtons({ jump, call, changeName, command }) {
	byId("jump").addEventListener("click", jump);
	byId("call-button").addEventListener("click", call);
	byId("color-button").addEventListener("click", changeName);
	byId("settings-button").addEventListener("click", async () => (await import("./settings_dialog.js")).openSettings());
	byId("dice-button").addEventListener("click", async () => {
		const { openDiceDialog } = await import("./dice_dialog.js");
		openDiceDialog((count, sides, again) => command(`/dice ${count} ${sides}${again ? ` ${again}` : ""}`));
	});
}
