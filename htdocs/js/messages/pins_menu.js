// The list of what is pinned in a room. Each leads to its message.

import { byId, element } from "../dom.js";
import { Menu } from "../menu.js";
import { text } from "../texts.js";
import { beginningOf } from "./reply_line.js";

const menu = new Menu("pins-menu");

/** @param {import("./pins.js").Pins} pins */
export function openPinsMenu(pins) {
	const items = pins.records.map(([id, record]) => {
		const words = record ? beginningOf(record) : text(record === null ? "replyGone" : "replyLoading");
		const item = menu.item("", () => pins.goTo(id), "pinned");
		const who = record && element("bdi", { class: "reply-who" }, record.from);
		item.append(
			...[who, element("span", { class: "reply-words", dir: "auto" }, words)].filter(
				(part) => part !== null && part !== undefined,
			),
		);
		return item;
	});
	const title = element("strong", { class: "menu-title" }, text("pinned"));
	menu.open(text("pinned"), byId("pins-button"), [title, ...items]);
}
