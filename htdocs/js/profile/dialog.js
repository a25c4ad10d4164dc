// How one is shown: picture, name, color, status. The server keeps it, for all devices.

import { openDialog } from "../dialog.js";
import { element, loadStyle } from "../dom.js";
import { errorWords } from "../error_words.js";
import { face, holds } from "../faces.js";
import { field } from "../field.js";
import { acked } from "../moderation/questions.js";
import { drawSwatches } from "../name_form.js";
import { nameColor } from "../colors.js";
import { language, loadTexts, text } from "../texts.js";
import { fullTime, timeOf } from "../times.js";
import { savePicture } from "./picture.js";

await Promise.all([loadTexts("profile"), loadStyle("css/profile.css")]);

const PICTURES = "image/jpeg,image/png,image/webp,image/gif";
const MAX_STATUS = "100";
const MINUTE_MS = 60_000;
/** What people are up to most. @type {[string, string][]} */
const USUAL = [
	["📅", "statusMeeting"],
	["🏡", "statusHome"],
	["🤒", "statusSick"],
	["🌴", "statusAway"],
];
/** Minutes, and their words; "" for ever. @type {[string, string][]} */
const TIMES = [
	["", "untilNever"],
	["30", "untilHalfHour"],
	["60", "untilHour"],
	["240", "untilFourHours"],
	["today", "untilToday"],
];

/** @param {MenuUses} uses */
export function openProfileDialog(uses) {
	const { me, members } = uses;
	const own = members.get(me.name) ?? { name: me.name };
	const name = input({ name: "name", value: me.name, maxlength: "64", autocomplete: "nickname", spellcheck: "false" });
	const label = text("color");
	const swatches = element("div", { class: "swatches", role: "radiogroup", "aria-label": label, id: "profile-colors" });
	const chosen = drawSwatches(swatches, me.color);
	const mood = moodFields(own.status && holds(own.status) ? own.status : undefined);
	const status = element("p", { class: "status bad", role: "alert" });
	const picture = pictureField(uses, status);
	return openDialog(text("profile"), (close) => {
		const onsubmit = async (/** @type {Event} */ event) => {
			event.preventDefault();
			status.textContent = "";
			const wanted = name.value.trim();
			/** @type {Record<string, unknown>} */
			const change = { status: mood.value() };
			if (wanted !== me.name) change.name = wanted;
			if (chosen() && chosen() !== me.color) change.color = chosen();
			try {
				await acked(uses.room, (msgid) => uses.sendToAll({ type: "profile", ...change, msgid }));
				close();
			} catch (error) {
				status.textContent = error instanceof Error ? error.message : String(error);
			}
		};
		return element(
			"form",
			{ class: "form", id: "profile-form", novalidate: true, onsubmit },
			picture.node,
			field(text("displayName"), name, text("displayNameHint", { account: me.account })),
			element("div", { class: "field" }, element("span", { class: "label" }, label), swatches),
			mood.node,
			status,
			element(
				"div",
				{ class: "form-actions" },
				element("button", { class: "primary" }, text("save")),
				element("button", { type: "button", onclick: close }, text("cancel")),
			),
			// Behind all that is to be reached first.
			picture.file,
		);
	});
}

/** @param {Record<string, string>} attributes */
const input = (attributes) => element("input", { dir: "auto", autocomplete: "off", ...attributes });

/** The picture holds as soon as it is chosen. @param {MenuUses} uses @param {HTMLElement} status */
function pictureField({ me, members, backdrop }, status) {
	const has = () => Boolean(members.get(me.name)?.avatar);
	const shown = face(me.name, me.account);
	shown.style.setProperty("--name-color", nameColor(me.name, me.color, backdrop()));
	const file = element("input", { type: "file", id: "profile-picture", accept: PICTURES, hidden: true });
	const choose = element("button", { type: "button", id: "profile-choose", onclick: () => file.click() });
	const remove = element("button", { type: "button", id: "profile-remove", onclick: () => save(null) });
	remove.textContent = text("removePicture");
	const draw = (/** @type {boolean} */ isThere) => {
		choose.textContent = text(isThere ? "changePicture" : "choosePicture");
		remove.hidden = !isThere;
	};
	const save = async (/** @type {File | null} */ chosen) => {
		status.textContent = "";
		choose.disabled = remove.disabled = true;
		try {
			await savePicture(chosen);
			draw(chosen !== null);
		} catch (error) {
			status.textContent = errorWords(error);
		}
		choose.disabled = remove.disabled = false;
		choose.focus();
	};
	file.addEventListener("change", () => {
		if (file.files?.[0]) save(file.files[0]);
		file.value = "";
	});
	draw(has());
	const buttons = element("div", { class: "profile-buttons" }, choose, remove);
	return { node: element("div", { class: "profile-card" }, shown, buttons), file };
}

/** @param {Status} [old] */
function moodFields(old) {
	const emoji = input({ id: "profile-emoji", value: old?.emoji ?? "", maxlength: "16", "aria-label": text("emoji") });
	const words = input({ id: "profile-status", value: old?.text ?? "", maxlength: MAX_STATUS });
	words.placeholder = text("statusHint");
	const until = element(
		"select",
		{ id: "profile-until" },
		old?.until && element("option", { value: "as-is" }, fullTime(timeOf(old.until), language)),
		...TIMES.map(([value, key]) => element("option", { value }, text(key))),
	);
	const usual = USUAL.map(([picture, key]) => {
		const onclick = () => Object.assign(emoji, { value: picture }) && Object.assign(words, { value: text(key) });
		return element("button", { type: "button", class: "plain", onclick }, `${picture} ${text(key)}`);
	});
	const onclick = () => {
		emoji.value = words.value = until.value = "";
		words.focus();
	};
	usual.push(element("button", { type: "button", class: "plain", id: "profile-clear", onclick }, text("clearStatus")));
	const value = () => {
		const end = until.value === "as-is" ? old?.until : timeOfChoice(until.value);
		return { emoji: emoji.value.trim(), text: words.value.trim(), ...(end && { until: end }) };
	};
	const line = element("div", { class: "profile-mood" }, emoji, words);
	const node = element(
		"div",
		{ class: "field" },
		element("label", { for: words.id }, text("profileStatus")),
		line,
		element("div", { class: "profile-buttons" }, usual),
		field(text("clearAfter"), until),
	);
	return { node, value };
}

/** @param {string} choice @returns {string} As the server writes times; "" for ever. */
function timeOfChoice(choice, now = new Date()) {
	if (!choice) return "";
	const end = choice === "today" ? new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1) : new Date(now);
	if (choice !== "today") end.setTime(now.getTime() + Number(choice) * MINUTE_MS);
	return end.toISOString().replace("Z", "000Z");
}
