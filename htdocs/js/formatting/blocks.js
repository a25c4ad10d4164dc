// The lines of a message as what they are: text, ```code```, "> " quotes, "- " and "1. " lists. Pure, and linear in the
// length of the message: docs/formatting.md says what there is.

import { inlinePieces } from "./inline.js";

/** Quotes and lists within one another; deeper ones stay as they were typed. */
const MAX_DEPTH = 4;
/** Columns from one tab stop to the next. */
const TAB = 4;

const FENCE = /^[ \t]*(`{3,})([^`]*)$/;
const LANGUAGE = /^[\w+#.-]*$/;
const QUOTE = /^[ \t]*>(?: |$)/;
const ITEM = /^([ \t]*)(?:-|(\d{1,3})\.)[ \t]+(?=\S)/;

/**
 * @param {string} text
 * @param {Meter} [meter] Counts the characters looked at.
 * @returns {Block[]}
 */
export const blocks = (text, meter = { steps: 0 }) => new Lines(text.split("\n"), 0, meter).blocks();

class Lines {
	#lines;
	#depth;
	#meter;
	#at = 0;
	/** @type {Block[]} */
	#found = [];
	/** Lines of text that are not in a block yet. @type {string[]} */
	#text = [];

	/** @param {string[]} lines @param {number} depth @param {Meter} meter */
	constructor(lines, depth, meter) {
		this.#lines = lines;
		this.#depth = depth;
		this.#meter = meter;
	}

	blocks() {
		while (this.#at < this.#lines.length) {
			const line = this.#lines[this.#at];
			this.#meter.steps += line.length + 1;
			const isNested = this.#depth < MAX_DEPTH;
			const item = isNested && ITEM.exec(line);
			if (FENCE.test(line)) this.#code(line);
			else if (isNested && QUOTE.test(line)) this.#quote();
			else if (item) this.#list(item);
			else this.#line(line);
		}
		this.#endText();
		return this.#found;
	}

	/** @param {string} line */
	#line(line) {
		const end = line.length - fenceLength(line);
		if (end === line.length) {
			this.#text.push(line);
			this.#at += 1;
			return;
		}
		// "Look: ```", and the code from the next line on.
		this.#text.push(line.slice(0, end));
		this.#code(line.slice(end));
	}

	/** @param {Block} block */
	#add(block) {
		this.#endText();
		this.#found.push(block);
	}

	/** Blank lines within text are kept; where it meets something else, there is space anyway. */
	#endText() {
		let [from, to] = [0, this.#text.length];
		while (from < to && this.#text[from].trim() === "") from += 1;
		while (to > from && this.#text[to - 1].trim() === "") to -= 1;
		const text = this.#text.slice(from, to).join("\n");
		this.#text = [];
		if (text) this.#found.push({ kind: "text", pieces: inlinePieces(text, this.#meter) });
	}

	/** From a line of backticks to the next, or to the end. @param {string} opening */
	#code(opening) {
		const [, ticks, info] = FENCE.exec(opening) ?? ["", "```", ""];
		const words = info.trim();
		const isLanguage = LANGUAGE.test(words);
		const code = isLanguage ? [] : [words];
		const indent = blanksOf(opening);
		this.#at += 1;
		for (let isOpen = true; isOpen && this.#at < this.#lines.length; this.#at += 1) {
			const line = this.#lines[this.#at];
			this.#meter.steps += line.length + 1;
			const end = line.trimEnd();
			isOpen = !end.endsWith(ticks);
			const rest = isOpen ? line : end.slice(0, -ticks.length);
			if (isOpen || rest.trim() !== "") code.push(rest.slice(Math.min(indent, blanksOf(rest))));
		}
		const text = code.join("\n");
		if (text.trim() === "") this.#text.push(opening);
		else this.#add({ kind: "code", text, language: isLanguage ? words : "" });
	}

	#quote() {
		const quoted = [];
		while (this.#at < this.#lines.length && QUOTE.test(this.#lines[this.#at])) {
			const line = this.#lines[this.#at];
			this.#meter.steps += line.length + 1;
			quoted.push(line.replace(/^[ \t]*> ?/, ""));
			this.#at += 1;
		}
		this.#add({ kind: "quote", blocks: this.#within(quoted) });
	}

	/** @param {RegExpExecArray} first */
	#list(first) {
		const isOrdered = first[2] !== undefined;
		const indent = columnsOf(first[1]);
		/** @type {{ value: number, blocks: Block[] }[]} */
		const items = [];
		/** @type {RegExpExecArray | null} */
		let item = first;
		while (item) {
			const lines = [this.#lines[this.#at].slice(item[0].length)];
			this.#at += 1;
			this.#collect(lines, indent);
			items.push({ value: Number(item[2] ?? 0), blocks: this.#within(lines) });
			item = this.#at < this.#lines.length ? ITEM.exec(this.#lines[this.#at]) : null;
			if (item && (columnsOf(item[1]) !== indent || (item[2] !== undefined) !== isOrdered)) item = null;
		}
		this.#add({ kind: "list", isOrdered, items });
	}

	/**
	 * What belongs to an item: lines further in, with single blank lines among them.
	 * @param {string[]} lines
	 * @param {number} indent
	 */
	#collect(lines, indent) {
		for (;;) {
			const isBlank = this.#lines[this.#at]?.trim() === "";
			const next = this.#lines[isBlank ? this.#at + 1 : this.#at];
			if (next === undefined || next.trim() === "") return;
			this.#meter.steps += next.length + 1;
			const blanks = /^[ \t]*/.exec(next)?.[0] ?? "";
			const isInner = columnsOf(blanks) >= indent + 2;
			if (isBlank && (isInner || ITEM.test(next))) this.#at += 1;
			if (!isInner) return;
			if (isBlank) lines.push("");
			lines.push(withoutColumns(next, blanks, indent + 2));
			this.#at += 1;
		}
	}

	/** @param {string[]} lines */
	#within(lines) {
		return new Lines(lines, this.#depth + 1, this.#meter).blocks();
	}
}

/** @param {string} line */
const blanksOf = (line) => line.length - line.trimStart().length;

/** @param {string} blanks */
function columnsOf(blanks) {
	let columns = 0;
	for (const blank of blanks) columns = blank === "\t" ? columns - (columns % TAB) + TAB : columns + 1;
	return columns;
}

/** @param {string} line @param {string} blanks It begins with them. @param {number} columns */
const withoutColumns = (line, blanks, columns) => " ".repeat(columnsOf(blanks) - columns) + line.slice(blanks.length);

/**
 * How long the "```" or "```word" is that ends a line and opens code there; 0 if there is none.
 * @param {string} line
 */
function fenceLength(line) {
	const at = line.lastIndexOf("```");
	// Opened and closed in this line, it is code within it.
	if (at <= 0 || line.split("```").length % 2 === 1) return 0;
	return LANGUAGE.test(line.slice(at + 3).trim()) ? line.length - at : 0;
}
