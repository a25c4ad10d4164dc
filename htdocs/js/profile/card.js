// Who is this: what there is to know of somebody who has logged in.

import { openDialog } from "../dialog.js";
import { element, loadStyle } from "../dom.js";
import { face, holds } from "../faces.js";
import { linkNode } from "../words_view.js";
import { loadTexts, text } from "../texts.js";
import { fullTime, timeOf } from "../times.js";
import { language } from "../texts.js";
import { nameColor } from "../colors.js";

await Promise.all([loadTexts("profile"), loadStyle("css/profile.css")]);

/** Where a link may lead. */
const LINK = /^https:\/\/[^\s"<>]{1,500}$/u;

/** @param {string} name @param {MenuUses} uses */
export function openCard(name, { members, roomsOf, backdrop }) {
	const person = members.get(name) ?? { name };
	return openDialog(text("profile"), () => {
		const card = element("div", { class: "profile-card" }, face(name, person.account), names(person));
		card.style.setProperty("--name-color", nameColor(name, person.color, backdrop()));
		return [card, facts(person, roomsOf)];
	});
}

/** @param {Person} person */
function names({ name, account, status }) {
	const says = status && holds(status);
	return element(
		"div",
		{ class: "profile-names" },
		element("strong", { class: "profile-name" }, element("bdi", {}, name)),
		account && account !== name && element("span", { class: "hint" }, element("bdi", {}, account)),
		says &&
			element("p", { class: "profile-status", dir: "auto" }, [status.emoji, status.text].filter(Boolean).join(" ")),
		says &&
			status.until &&
			element("p", { class: "hint" }, text("statusUntil", { time: fullTime(timeOf(status.until), language) })),
	);
}

/** @param {Person} person @param {(person: string) => string[]} roomsOf */
function facts({ account, person, pub }, roomsOf) {
	// The site may say anything; what is no plain word is not shown.
	const { title, link } = Object(pub);
	const rooms = person ? roomsOf(person) : [];
	const rows = [
		["factAccount", account],
		["profileTitle", typeof title === "string" && title.slice(0, 200)],
		["profileLink", typeof link === "string" && LINK.test(link) && linkNode(link, link, "")],
		["commonRooms", rooms.join(", ")],
	];
	const known = rows.filter(([, value]) => value);
	return element(
		"dl",
		{ class: "facts" },
		...known.flatMap(([key, value]) => [
			element("dt", {}, text(/** @type {string} */ (key))),
			element("dd", {}, element("bdi", {}, /** @type {Child} */ (value))),
		]),
	);
}
