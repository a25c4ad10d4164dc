// What can be done with a person: whisper, mention, ignore; for moderators more.

import { nameColor } from "./colors.js";
import { element } from "./dom.js";
import { isProgram } from "./initial.js";
import { Menu } from "./menu.js";
import { ignore, isIgnored, unignore } from "./preferences.js";
import { loadTexts, text } from "./texts.js";

await loadTexts("moderation");

const menu = new Menu("person-menu");

/**
 * @param {{ name: string, color?: string, account?: string, isMe: boolean }} person
 * @param {HTMLElement} button
 * @param {{ moderator: boolean, backdrop: Rgb }} reader
 * @param {PersonActions} actions
 */
export function openPersonMenu({ name, color, account, isMe }, button, { moderator, backdrop }, actions) {
	const title = element("strong", { class: "menu-title" }, element("bdi", {}, name));
	title.style.setProperty("--name-color", nameColor(name, color, backdrop));
	const card = Boolean(account) && !isProgram(account ?? "") && menu.item(text("profile"), () => actions.show(name));
	const own = [menu.item(text(card ? "editProfile" : "yourName"), actions.changeName), card];
	const others = [
		card,
		menu.item(text("whisper"), () => actions.whisper(name)),
		actions.talkTo !== undefined && menu.item(text("talkTo"), () => actions.talkTo?.(name)),
		menu.item(text("mention"), () => actions.mention(name)),
		isIgnored(name) ? menu.item(text("unignore"), () => unignore(name)) : menu.item(text("ignore"), () => ignore(name)),
		menu.item(text("report"), () => actions.report(name, name)),
		moderator && menu.item(text("moderate"), () => actions.moderate(name)),
		moderator && menu.item(text("kick"), () => actions.command(`/kick ${name}`), "danger"),
		moderator && menu.item(text("ban"), () => actions.command(`/ban ${name}`), "danger"),
	];
	menu.open(text("actionsFor", { name }), button, [title, ...(isMe ? own : others)]);
}
