// room_list_historical.html: rooms that hold a conversation, with size and last change, newest first.

import { historyAddress } from "./addresses.js";
import { element } from "./dom.js";
import { greet, openPage } from "./frame.js";
import { roomCard, sizeWords } from "./room_cards.js";
import { showRooms } from "./room_pages.js";
import { language, text } from "./texts.js";
import { ago, fullTime } from "./times.js";

await openPage("archiveTitle");
greet();
showRooms({
	list: "historical",
	empty: text("archiveEmpty"),
	card(room) {
		const changed = new Date(room.changed ?? 0);
		const node = roomCard(room, historyAddress);
		const title = `${text("lastChange")}: ${fullTime(changed, language)}`;
		node
			.querySelector(".room-figures")
			?.replaceChildren(
				element("time", { datetime: room.changed, title }, ago(changed, language)),
				element("br"),
				element("span", { title: text("size") }, sizeWords(room.size)),
			);
		return node;
	},
});
