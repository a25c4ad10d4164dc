// The dialog with what a person can set for this browser.

import { openDialog } from "./dialog.js";
import { field } from "./field.js";
import { element } from "./dom.js";
import { allowNotifications } from "./notifications.js";
import { preference, setPreference, unignore } from "./preferences.js";
import { language, text } from "./texts.js";

/** @type {[Switch, string][]} */
const SWITCHES = [
	["quiet", "doNotDisturb"],
	["sound", "callSound"],
	["smileys", "showSmileys"],
	["formatting", "showFormatting"],
	["events", "showEvents"],
	["ctrlEnter", "ctrlEnter"],
	["typing", "typingOptIn"],
	["liveTyping", "liveTyping"],
	["readMarks", "readMarks"],
	["relayOnly", "relayOnly"],
];

const LANGUAGES = [
	["en", "English"],
	["cs", "Čeština"],
];

export function openSettings() {
	return openDialog(text("settings"), () =>
		element(
			"div",
			{ class: "form settings" },
			element("div", {}, notifySwitch(), SWITCHES.map(toggle)),
			look(),
			languageChoice(),
			element("div", {}, element("h3", {}, text("ignoredPeople")), ignoredList()),
			element("p", { class: "hint" }, text("help")),
			helpButton(),
		),
	);
}

function helpButton() {
	const onclick = async () => (await import("./formatting/help_dialog.js")).openHelp();
	return element("button", { type: "button", id: "formatting-help", onclick }, text("formattingHelp"));
}

function notifySwitch() {
	const input = element("input", { type: "checkbox", id: "setting-notify", checked: preference("notify") });
	const blocked = element("p", { class: "status bad", role: "status" });
	input.addEventListener("change", async () => {
		const allowed = input.checked && (await allowNotifications());
		blocked.textContent = input.checked && !allowed ? text("notifyBlocked") : "";
		input.checked = allowed;
		setPreference("notify", allowed);
	});
	return [element("label", { class: "check" }, input, text("notifyMe")), blocked];
}

/** @param {[Switch, string]} what */
function toggle([name, key]) {
	const input = element("input", { type: "checkbox", id: `setting-${name}`, checked: preference(name) });
	input.addEventListener("change", () => setPreference(name, input.checked));
	return element("label", { class: "check" }, input, text(key));
}

const LOOKS = [
	["", "lookSystem"],
	["light", "lookLight"],
	["dark", "lookDark"],
];

function look() {
	const options = LOOKS.map(([value, key]) =>
		element("option", { value, selected: value === preference("theme") }, text(key)),
	);
	const choice = element("select", { id: "setting-theme" }, options);
	choice.addEventListener("change", () => setPreference("theme", choice.value));
	return field(text("look"), choice);
}

function languageChoice() {
	const options = LANGUAGES.map(([code, name]) =>
		element("option", { value: code, selected: code === language, lang: code }, name),
	);
	const choice = element("select", { id: "setting-language" }, options);
	choice.addEventListener("change", () => {
		setPreference("language", choice.value);
		location.reload();
	});
	return field(text("language"), choice);
}

function ignoredList() {
	const list = element("ul", { class: "ignored-list" });
	const sayIfNone = () => {
		if (!list.childElementCount) list.append(element("li", { class: "hint" }, text("nobodyIgnored")));
	};
	for (const name of preference("ignored")) {
		const onclick = () => {
			unignore(name);
			row.remove();
			sayIfNone();
		};
		const button = element("button", { type: "button", onclick }, text("unignore"));
		const row = element("li", {}, element("bdi", {}, name), button);
		list.append(row);
	}
	sayIfNone();
	return list;
}
