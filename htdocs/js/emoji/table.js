// The emoji and their names, made of Unicode's lists by tools/emoji; loaded when somebody first looks for one.

import { folded } from "../composing/begun.js";
import { language } from "../texts.js";

/** Light to dark; "" is the yellow of no skin. */
export const TONES = ["", "🏻", "🏼", "🏽", "🏾", "🏿"];
const LIGHT = TONES[1];

/** @type {Promise<Emoji[]> | null} */
let loading = null;

/** All of them, in Unicode's order. @returns {Promise<Emoji[]>} */
export function loadEmoji() {
	loading ??= load().catch((error) => {
		// The network may have failed: it is tried again when somebody asks again.
		loading = null;
		throw error;
	});
	return loading;
}

async function load() {
	const [[, ...list], names] = await Promise.all([file("list"), file(language)]);
	return listed(list, names);
}

/** @param {string} name @returns {Promise<any[]>} */
async function file(name) {
	const response = await fetch(`emoji/${name}.json`);
	if (!response.ok) throw new Error(`emoji/${name}.json: ${response.status}`);
	return response.json();
}

/**
 * @param {(string | string[])[]} list Names of groups, each followed by its emoji.
 * @param {string[]} names
 */
export function listed(list, names) {
	/** @type {Emoji[]} */
	const all = [];
	let group = "";
	for (const entry of list) {
		if (typeof entry === "string") {
			group = entry;
			continue;
		}
		const [text, light = ""] = entry;
		const [name, ...words] = (names[all.length] ?? text).split("|");
		all.push({ text, light, group, name, words: [name, ...words].map(folded) });
	}
	return all;
}

/** @param {Pick<Emoji, "text" | "light">} emoji @param {string} tone One of TONES. */
export const toned = ({ text, light }, tone) => (tone && light ? light.replaceAll(LIGHT, tone) : text);

/** The plain form of what `toned` gave. @param {Emoji[]} all @param {string} text */
export const plainOf = (all, text) =>
	all.find((one) => one.text === text || (one.light && TONES.slice(1).some((tone) => toned(one, tone) === text)));

/**
 * Those that `typed` finds, best first: the name is it, begins with it, has a word that does, another word does.
 * @param {Emoji[]} all
 * @param {string} typed
 * @param {number} most
 */
export function findEmoji(all, typed, most) {
	const wanted = folded(typed).trim();
	/** @type {Emoji[][]} */
	const ranks = [[], [], [], [], []];
	for (const one of all) {
		const rank = rankOf(one, wanted);
		if (rank >= 0) ranks[rank].push(one);
	}
	return ranks.flat().slice(0, most);
}

/** @param {Emoji} emoji @param {string} wanted @returns -1 where it is not found. */
function rankOf({ text, words: [name, ...others] }, wanted) {
	if (name === wanted || text === wanted) return 0;
	if (name.startsWith(wanted)) return 1;
	if (` ${name}`.includes(` ${wanted}`)) return 2;
	if (others.some((word) => ` ${word}`.includes(` ${wanted}`))) return 3;
	return wanted.length > 2 && name.includes(wanted) ? 4 : -1;
}
