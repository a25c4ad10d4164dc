// What stands within lines: **bold**, *italic*, _italic_, ~~struck~~, `code`, ||spoiler|| and [text](https://address),
// as docs/formatting.md has it. Pure, and linear: each character is looked at a bounded number of times, whatever a
// stranger sends; `meter` counts the looks, for the test that holds this.

import { linkEnd, safeAddress, tokenize } from "../tokens.js";

/** @type {Record<string, "strong" | "em" | "strike" | "spoiler">} */
const KINDS = { "**": "strong", "*": "em", _: "em", "~~": "strike", "||": "spoiler" };

/** Where something may begin: a mark, a blank line, an address in which marks are none. */
const START = /[\\`*_~|[\n]|(?<![\p{L}\p{N}])(?:https?:\/\/|mailto:|www\.)/giu;
const WORD_BEFORE = /[\p{L}\p{N}]$/u;
const WORD_AFTER = /^[\p{L}\p{N}]/u;
/** Marks behind an address end what stands around it. */
const AFTER_ADDRESS = new Set("*_~|.,;:!?…)]}");
const ESCAPABLE = new Set("`*_~|[");
/** It would lose an arm. */
const SHRUG = "¯\\_(ツ)_/¯";
/** Ends the address of [text](address). */
const NO_ADDRESS = /[\s<>[\]"'`]/;
const MAX_ADDRESS = 2048;

/**
 * @param {string} text Without block marks: docs/formatting.md.
 * @param {Meter} [meter]
 * @returns {Piece[]}
 */
export function inlinePieces(text, meter = { steps: 0 }) {
	return new Inline(text, meter).pieces();
}

class Inline {
	#text;
	#meter;
	#at = 0;
	/** Of the line that was looked at last. */
	#lineEnd = -1;
	/** What is open, innermost last. A kind is open once, so that it is five deep at most. */
	#frames = [/** @type {Frame} */ ({ mark: "", pieces: [] })];
	/** Where runs of so many backticks begin. @type {Map<number, number[]>} */
	#ticks = new Map();

	/** @param {string} text @param {Meter} meter */
	constructor(text, meter) {
		this.#text = text;
		this.#meter = meter;
		for (const { 0: run, index } of text.matchAll(/`+/g)) {
			const known = this.#ticks.get(run.length);
			if (known) known.push(index);
			else this.#ticks.set(run.length, [index]);
		}
		for (const found of this.#ticks.values()) found.reverse();
		meter.steps += text.length;
	}

	pieces() {
		const text = this.#text;
		while (this.#at < text.length) {
			START.lastIndex = this.#at;
			const found = START.exec(text);
			const next = found?.index ?? text.length;
			this.#meter.steps += next - this.#at + 1;
			if (next > this.#at) this.#say(text.slice(this.#at, next));
			this.#at = next;
			if (found) this.#mark(found[0]);
		}
		while (this.#frames.length > 1) this.#flatten();
		return this.#frames[0].pieces;
	}

	/** @param {string} found */
	#mark(found) {
		if (found === "\\") this.#escape();
		else if (found === "`") this.#code();
		else if (found === "[") this.#link();
		else if (found === "\n") this.#break();
		else if (found.length > 1) this.#address();
		else this.#run(found);
	}

	/** @param {string} words Taken as they are. */
	#say(words, length = words.length) {
		const { pieces } = this.#top;
		const last = pieces.at(-1);
		if (last?.kind === "text") last.text += words;
		else pieces.push({ kind: "text", text: words });
		this.#at += length;
	}

	get #top() {
		return this.#frames[this.#frames.length - 1];
	}

	#escape() {
		const text = this.#text;
		const at = this.#at;
		const next = text[at + 1] ?? "";
		const isLineStart = at === 0 || text[at - 1] === "\n";
		if (text.startsWith(SHRUG, at - 1)) this.#say(SHRUG.slice(1));
		else if (ESCAPABLE.has(next) || (isLineStart && (next === ">" || next === "-"))) this.#say(next, 2);
		else this.#say("\\");
	}

	#code() {
		const text = this.#text;
		const at = this.#at;
		let length = 1;
		while (text[at + length] === "`") length += 1;
		const runs = this.#ticks.get(length) ?? [];
		while (runs.length > 0 && runs[runs.length - 1] <= at) runs.pop();
		this.#meter.steps += length;
		const end = runs.at(-1);
		if (this.#lineEnd < at) this.#lineEnd = this.#find(/\n/g, at);
		// Two stray marks in two lines are no code.
		if (end === undefined || end > this.#lineEnd) {
			this.#say("`".repeat(length));
			return;
		}
		const content = text.slice(at + length, end);
		this.#meter.steps += content.length;
		const isPadded = content.startsWith(" ") && content.endsWith(" ") && content.trim() !== "";
		this.#top.pieces.push({ kind: "code", text: isPadded ? content.slice(1, -1) : content });
		this.#at = end + length;
	}

	#link() {
		const text = this.#text;
		const end = this.#find(/[[\]\n]/g, this.#at + 1);
		const label = text.slice(this.#at + 1, end);
		if (text[end] === "]" && text[end + 1] === "(") {
			const close = this.#addressEnd(end + 2);
			const address = close > 0 ? safeAddress(text.slice(end + 2, close)) : null;
			if (address && isHonest(label, address)) {
				this.#top.pieces.push({ kind: "link", text: label, address });
				this.#at = close + 1;
				return;
			}
		}
		this.#say("[");
	}

	/** @param {RegExp} pattern @param {number} from */
	#find(pattern, from) {
		pattern.lastIndex = from;
		const end = pattern.exec(this.#text)?.index ?? this.#text.length;
		this.#meter.steps += end - from + 1;
		return end;
	}

	/** Where the bracket closes that was opened before `from`; -1 if there is no address. @param {number} from */
	#addressEnd(from) {
		const text = this.#text;
		if (!/^https?:\/\//i.test(text.slice(from, from + 8))) return -1;
		let depth = 0;
		for (let at = from; at < text.length && at < from + MAX_ADDRESS; at += 1) {
			this.#meter.steps += 1;
			if (text[at] === ")" && depth === 0) return at;
			if (NO_ADDRESS.test(text[at])) return -1;
			if (text[at] === "(") depth += 1;
			else if (text[at] === ")") depth -= 1;
		}
		return -1;
	}

	/** Nothing goes on across a blank line. */
	#break() {
		const blank = /\n[ \t]*(?=\n)/y;
		blank.lastIndex = this.#at;
		const found = blank.exec(this.#text)?.[0] ?? "\n";
		this.#meter.steps += found.length;
		if (found.length > 1 || this.#text[this.#at + 1] === "\n") while (this.#frames.length > 1) this.#flatten();
		this.#say(found);
	}

	/** Within an address no mark is one. */
	#address() {
		const text = this.#text;
		let end = linkEnd(text, this.#at);
		this.#meter.steps += end - this.#at;
		while (end > this.#at && AFTER_ADDRESS.has(text[end - 1])) end -= 1;
		this.#say(text.slice(this.#at, Math.max(end, this.#at + 1)));
	}

	/** A run of one mark: ends what is open, begins something, or is itself. @param {string} mark */
	#run(mark) {
		const text = this.#text;
		const at = this.#at;
		let length = 1;
		while (text[at + length] === mark) length += 1;
		this.#meter.steps += length;
		const isMark = mark === "*" ? length <= 3 : length === (mark === "_" ? 1 : 2);
		if (!isMark) {
			this.#say(mark.repeat(length));
			return;
		}
		const before = text.slice(Math.max(0, at - 2), at);
		const after = text.slice(at + length, at + length + 2);
		// A single mark within a word is a letter of it: snake_case, 2*3*4.
		const single = length === 1;
		const closes = /\S$/u.test(before) && !(single && WORD_AFTER.test(after));
		const opens = /^\S/u.test(after) && !(single && WORD_BEFORE.test(before));
		let left = closes ? this.#close(mark, length) : length;
		if (left > 0 && opens) left = this.#open(mark, left);
		if (left > 0) this.#say(mark.repeat(left), 0);
		this.#at = at + length;
	}

	/** @param {string} mark @param {number} length @returns What is left of the run. */
	#close(mark, length) {
		let left = length;
		while (left > 0) {
			const fitting = left === 3 ? ["*", "**"] : [mark.repeat(left)];
			const frame = this.#frames.findLast((open) => fitting.includes(open.mark));
			const isEmpty = frame === this.#top && frame.pieces.length === 0;
			if (!frame || isEmpty) break;
			while (this.#top !== frame) this.#flatten();
			this.#frames.pop();
			this.#top.pieces.push({ kind: KINDS[frame.mark], pieces: frame.pieces });
			left -= frame.mark.length;
		}
		return left;
	}

	/** @param {string} mark @param {number} length @returns What is left of the run. */
	#open(mark, length) {
		const begun = length === 3 ? ["**", "*"] : [mark.repeat(length)];
		if (this.#top.mark === begun[0]) this.#flatten();
		if (this.#frames.some((open) => begun.includes(open.mark))) return length;
		for (const next of begun) this.#frames.push({ mark: next, pieces: [] });
		return 0;
	}

	/** The innermost has no end: its mark is text. */
	#flatten() {
		const { mark, pieces } = /** @type {Frame} */ (this.#frames.pop());
		this.#say(mark, 0);
		for (const piece of pieces) {
			this.#meter.steps += 1;
			if (piece.kind === "text") this.#say(piece.text, 0);
			else this.#top.pieces.push(piece);
		}
	}
}

/**
 * What reads like an address leads to that host and no other, and what is pressed can be seen.
 * @param {string} label
 * @param {string} address
 */
function isHonest(label, address) {
	if (!/[\p{L}\p{N}\p{P}\p{S}]/u.test(label)) return false;
	const { host } = new URL(address);
	return tokenize(label, { smileys: false }).every((token) => !token.address || new URL(token.address).host === host);
}
