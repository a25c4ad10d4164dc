// What completes what has been begun.

import { nameColor } from "../colors.js";
import { initial } from "../initial.js";
import { COMMANDS } from "../lines.js";
import { preference } from "../preferences.js";
import { nameBackdrop } from "../theme.js";
import { folded } from "./begun.js";

/** More are found by another letter. */
const MAX_SHOWN = 30;
const MAX_EMOJI = 20;

/** @param {Begun} begun @param {ComposerUses} uses @returns {Promise<Suggestion[]>} */
export async function candidatesFor({ kind, typed }, uses) {
	if (kind === "command") return commands(typed.toLowerCase(), await uses.commands());
	if (kind === "person") return people(folded(typed), uses.people());
	return emoji(typed);
}

/** @param {string} typed @param {AnswerRow[]} rows Of an older server none. */
function commands(typed, rows) {
	const all = rows.length
		? rows.map(({ command = "", arguments: rest = "", does = "" }) => ({ command, rest, does }))
		: COMMANDS.map((command) => ({ command: command.slice(1), rest: "", does: "" }));
	return all
		.filter(({ command }) => command.startsWith(typed))
		.sort((a, b) => (a.command < b.command ? -1 : 1))
		.map(({ command, rest, does }) => ({ insert: `/${command}${rest ? " " : ""}`, title: `/${command}`, rest, does }));
}

/** Whose name begins so; then who has a part of it that does. @param {string} typed @param {Person[]} all */
export function people(typed, all) {
	const backdrop = nameBackdrop();
	const ranked = all
		.map((person) => ({ person, at: folded(person.name).search(typed ? partPattern(typed) : /^/u) }))
		.filter(({ at }) => at >= 0)
		.sort((a, b) => Math.min(a.at, 1) - Math.min(b.at, 1) || a.person.name.localeCompare(b.person.name));
	return ranked.slice(0, MAX_SHOWN).map(({ person: { name, color } }) => ({
		insert: `@${name} `,
		title: name,
		avatar: initial(name),
		color: nameColor(name, color, backdrop),
	}));
}

/** At the start of a word. @param {string} typed */
const partPattern = (typed) => new RegExp(`(?<![\\p{L}\\p{N}])${typed.replace(/[.*+?^${}()|[\]\\]/gu, "\\$&")}`, "u");

/** @param {string} typed */
async function emoji(typed) {
	const { findEmoji, loadEmoji, toned } = await import("../emoji/table.js");
	try {
		return findEmoji(await loadEmoji(), typed, MAX_EMOJI).map((one) => {
			const picture = toned(one, preference("skinTone"));
			return { insert: `${picture} `, title: one.name, picture };
		});
	} catch {
		// Offline: what is typed stays as it is.
		return [];
	}
}
