// What can be done with one of my rooms: what to be told of, read all of it, leave it. Loaded when it is first opened.

import { element } from "./dom.js";
import { Menu } from "./menu.js";
import { preference, setPreference } from "./preferences.js";
import { loadTexts, text } from "./texts.js";

await Promise.all([loadTexts("dialogs"), loadTexts("moderation")]);

const menu = new Menu("room-menu");

/** Rooms kept in which nobody is told that I type. */
const MAX_TYPING_OFF = 200;

/** @type {[Level, string][]} */
const LEVELS = [
	["all", "tellAll"],
	["mentions", "tellMentions"],
	["nothing", "tellNothing"],
];

/** @param {Room} room @param {HTMLElement} button @param {SidebarActions} actions */
export function openRoomMenu(room, button, actions) {
	const title = element("strong", { class: "menu-title" }, element("bdi", {}, room.label));
	const levels = LEVELS.map(([level, key]) => {
		const item = menu.item(text(key), () => actions.notify(room, level));
		item.setAttribute("aria-pressed", String(room.level === level));
		return item;
	});
	menu.open(`${room.label}: ${text("roomActions")}`, button, [
		title,
		...levels,
		(preference("typing") || preference("liveTyping")) && typingItem(room),
		room.unread.count > 0 && menu.item(text("markRead"), () => room.reading.seeAll(room.conversation.resumeId)),
		menu.item(text("goToDay"), async () => (await import("./day_dialog.js")).openDayDialog(room, actions.show)),
		menu.item(text("transcript"), async () => (await import("./transcript_dialog.js")).openTranscriptDialog(room.name)),
		room.me.moderator &&
			menu.item(text("moderate"), async () =>
				(await import("./moderation/room_dialog.js")).openModerationDialog(room, actions.privately),
			),
		room.about !== null &&
			menu.item(text("aboutConversation"), async () =>
				(await import("./closed_room_dialog.js")).openClosedRoomDialog(room, actions.privately),
			),
		menu.item(text("leaveRoom"), () => actions.part(room), "danger"),
	]);
}

/** Whether the others of this room are told when I type. @param {Room} room */
function typingItem({ name }) {
	const off = preference("typingOff");
	const isOff = off.includes(name);
	const next = isOff ? off.filter((other) => other !== name) : [...off, name].slice(-MAX_TYPING_OFF);
	const item = menu.item(text("typingOptIn"), () => setPreference("typingOff", next));
	item.setAttribute("aria-pressed", String(!isOff));
	return item;
}
