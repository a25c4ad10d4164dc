// What moderators know of a person, and can do: silence, send out, keep out, take back, give a role.

import { openDialog } from "../dialog.js";
import { element } from "../dom.js";
import { text } from "../texts.js";
import { TIMES, choice, smallForm } from "./parts.js";

/** Words that the server would take for a time. */
const IS_TIME = /^\d+[mhdw]?(?:\s|$)/u;
/** As the server takes them. */
const MAX_REASON = 300;

/** @type {[string, string][]} */
const MEASURES = [
	["mute", "measureMute"],
	["kick", "measureKick"],
	["ban", "measureBan"],
];
/** @type {[string, string][]} */
const ROLES = [
	["/op NAME", "roleModerator"],
	["/op NAME owner", "roleOwner"],
	["/deop NAME", "roleMember"],
];

/** @param {string} name @param {Ask} ask */
export function openPersonDialog(name, ask) {
	return openDialog(text("moderateName", { name }), () => [
		facts(name, ask),
		measureForm(name, ask),
		removeForm(name, ask),
		roleForm(name, ask),
	]);
}

/** @param {string} name @param {Ask} ask */
function facts(name, ask) {
	const list = element("dl", { class: "facts" });
	const show = ({ account = "–", person = "–", address = "–", role = "member" }) => {
		const known = { factAccount: account, factAddress: address, factRole: text(`role_${role}`), factNumber: person };
		const rows = Object.entries(known).map(([key, value]) => [
			element("dt", {}, text(key)),
			element("dd", {}, element("bdi", {}, value)),
		]);
		list.replaceChildren(...rows.flat());
	};
	ask(`/whois ${name}`).then(
		([row = {}]) => show(row),
		() => show({}),
	);
	return list;
}

/** @param {string} name @param {Ask} ask */
function measureForm(name, ask) {
	const measure = choice(MEASURES, "mod-measure");
	const time = choice([...TIMES, ["", "forGood"]], "mod-time");
	const reason = element("input", {
		id: "mod-reason",
		dir: "auto",
		maxlength: String(MAX_REASON),
		autocomplete: "off",
	});
	const everywhere = element("input", { type: "checkbox", id: "mod-everywhere" });
	const all = element("label", { class: "check" }, everywhere, text("inAllRooms"));
	measure.addEventListener("change", () => {
		time.disabled = everywhere.disabled = measure.value === "kick";
	});
	const act = () => {
		const place = everywhere.checked && measure.value !== "kick" ? "* " : "";
		const length = measure.value === "kick" ? "" : time.value;
		const words = reason.value.trim();
		const why = length === "" && IS_TIME.test(words) ? `– ${words}` : words;
		return ask(`/${measure.value} ${place}${name} ${length} ${why}`.replace(/\s+/gu, " ").trim());
	};
	const fields = /** @type {(HTMLElement | [string, HTMLElement])[]} */ ([
		["modMeasure", measure],
		["modTime", time],
		["modReason", reason],
		all,
	]);
	return smallForm("mod-form", text("modMeasures"), fields, { className: "primary", key: "modDo", act });
}

/** @param {string} name @param {Ask} ask */
function removeForm(name, ask) {
	const since = choice([...TIMES, ["", "allOfIt"]], "mod-since");
	const act = () => ask(`/remove ${name} ${since.value}`.trim());
	const button = { className: "danger", key: "modRemove", act };
	return smallForm("mod-remove", text("modMessages"), [["modSince", since]], button);
}

/** @param {string} name @param {Ask} ask */
function roleForm(name, ask) {
	const role = choice(ROLES, "mod-role");
	const act = () => ask(role.value.replace("NAME", () => name));
	return smallForm("mod-roles", text("factRole"), [["modRole", role]], { className: "", key: "save", act });
}
