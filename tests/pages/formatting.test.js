import assert from "node:assert/strict";
import { test } from "node:test";

import { blocks } from "../../htdocs/js/formatting/blocks.js";
import { plainWords } from "../../htdocs/js/formatting/plain.js";

/** The tree as markup with other brackets, so that a line shows it. */
const inline = (pieces) =>
	pieces
		.map((piece) => {
			if (piece.kind === "text") return piece.text;
			if (piece.kind === "code") return `{code ${piece.text}}`;
			if (piece.kind === "link") return `{link ${piece.text} ${piece.address}}`;
			return `{${piece.kind} ${inline(piece.pieces)}}`;
		})
		.join("");
const drawn = (found) =>
	found.map((block) => {
		if (block.kind === "text") return inline(block.pieces);
		if (block.kind === "code") return { code: block.text, language: block.language };
		if (block.kind === "quote") return { quote: drawn(block.blocks) };
		const items = block.items.map(({ value, blocks: within }) => [value, ...drawn(within)]);
		return { [block.isOrdered ? "numbers" : "list"]: items };
	});
const format = (text) => drawn(blocks(text));
const one = (text) => {
	const found = format(text);
	return found.length === 1 ? found[0] : found;
};

test("marks within a line", () => {
	for (const [typed, shown] of [
		["**bold** and *slanted* and _so_", "{strong bold} and {em slanted} and {em so}"],
		["~~struck~~ ||hidden||", "{strike struck} {spoiler hidden}"],
		["`a*b*c` and ``a`b`` and `` ` ``", "{code a*b*c} and {code a`b} and {code `}"],
		["**bold *both* bold**", "{strong bold {em both} bold}"],
		["***both***", "{strong {em both}}"],
		["**a *b***", "{strong a {em b}}"],
		["*a **b***", "{em a {strong b}}"],
		['(*so*), "_so_"', '({em so}), "{em so}"'],
		["这是**重点**内容", "这是{strong 重点}内容"],
		["||**bold** and `code`||", "{spoiler {strong bold} and {code code}}"],
		["**two\nlines**", "{strong two\nlines}"],
		["```code```", "{code code}"],
	])
		assert.equal(one(typed), shown, typed);
});

test("what only looks like a mark stays as it was typed", () => {
	for (const typed of [
		"snake_case_name and 2*3*4",
		"5 * 3 * 2",
		"__init__",
		"*.js and *.ts",
		"a || b || c",
		"** not bold **",
		"****",
		"*open",
		"*their",
		"a ~ b ~~ c",
		"C:\\new\\server",
		"¯\\_(ツ)_/¯",
		"don`t\nwon`t",
		">:-(",
		"-5 degrees",
		"2026. What a year",
		"a*b **c",
		"**one\n\nother**",
		"https://example.org/a_b_c/*x*/**y**/||z||",
		"*https://example.org/a*b*c d",
		"[x](javascript:alert)",
		"[x](https://bank.org@evil.org/)",
		"[https://bank.org](https://evil.example/)",
		"[bank.org](https://evil.example/)",
		"[ \u200b ](https://evil.example/)",
		"[a](https://a.org/ b)",
		"[a][b](c)",
		"    four blanks\n\tand a tab",
		"```",
	])
		assert.equal(one(typed), typed, typed);
});

test("a backslash takes a mark for what it is", () => {
	assert.equal(one("\\*not\\* \\`a\\` \\||b\\|| \\[a](https://a.org)"), "*not* `a` ||b|| [a](https://a.org)");
	assert.equal(one("\\- no item"), "- no item");
	assert.equal(one("\\> no quote"), "> no quote");
});

test("links say where they lead", () => {
	assert.equal(one("see [the **page**](https://a.org/b_(c))!"), "see {link the **page** https://a.org/b_(c)}!");
	assert.equal(one("[a.org](https://a.org/x)"), "{link a.org https://a.org/x}");
	assert.equal(one("**[a](https://a.org)**"), "{strong {link a https://a.org/}}");
	assert.equal(one("**https://a.org/x**, _https://a.org/y_"), "{strong https://a.org/x}, {em https://a.org/y}");
});

test("code", () => {
	assert.deepEqual(format("```js\na *b*\n\n  c\n```"), [{ code: "a *b*\n\n  c", language: "js" }]);
	assert.deepEqual(format("before\n```\nx\n```\nafter"), ["before", { code: "x", language: "" }, "after"]);
	assert.deepEqual(format("look: ```\nx\n```"), ["look: ", { code: "x", language: "" }]);
	assert.deepEqual(format("```one = 1\ntwo = 2```"), [{ code: "one = 1\ntwo = 2", language: "" }]);
	assert.deepEqual(format("````\n```\n````"), [{ code: "```", language: "" }]);
	assert.deepEqual(format("```\nno end"), [{ code: "no end", language: "" }]);
	assert.deepEqual(format("  ```\n  a\n    b\n  ```"), [{ code: "a\n  b", language: "" }]);
});

test("quotes and lists", () => {
	assert.deepEqual(format("> a\n>\n> b\nc"), [{ quote: ["a\n\nb"] }, "c"]);
	assert.deepEqual(format("> > a\n> b"), [{ quote: [{ quote: ["a"] }, "b"] }]);
	assert.deepEqual(format("> ```\n> x\n> ```"), [{ quote: [{ code: "x", language: "" }] }]);
	assert.deepEqual(format("so:\n- a\n- **b**\n\nend"), [
		"so:",
		{
			list: [
				[0, "a"],
				[0, "{strong b}"],
			],
		},
		"end",
	]);
	assert.deepEqual(format("1. a\n2. b\n7. c"), [
		{
			numbers: [
				[1, "a"],
				[2, "b"],
				[7, "c"],
			],
		},
	]);
	assert.deepEqual(format("- a\n  more\n  - b\n- c"), [
		{
			list: [
				[0, "a\nmore", { list: [[0, "b"]] }],
				[0, "c"],
			],
		},
	]);
	assert.deepEqual(format("1. a\n\n2. b"), [
		{
			numbers: [
				[1, "a"],
				[2, "b"],
			],
		},
	]);
	assert.deepEqual(format("- a\n1. b"), [{ list: [[0, "a"]] }, { numbers: [[1, "b"]] }]);
});

test("lines keep their breaks and indentation", () => {
	assert.equal(one("a\n  b\n\tc\n\n\nd"), "a\n  b\n\tc\n\n\nd");
});

test("in one line", () => {
	assert.equal(plainWords("**so** it\nis ||not|| `b`"), "so it is ▒▒▒ b");
	assert.equal(plainWords("> what?\nthis"), "this");
	assert.equal(plainWords("> what?"), "what?");
	assert.equal(plainWords("1. a\n2. b"), "1. a 2. b");
	assert.equal(plainWords("- a\n  - b"), "• a • b");
});

/** Bytes of the longest message. */
const LONGEST = 4096;
/** Times that a character is looked at, at most. */
const MOST_LOOKS = 16;
const HOSTILE = [
	..."*_~|`[]()>\\- \t\n1.a",
	"**",
	"~~",
	"||",
	"```",
	"***",
	"* ",
	"*a ",
	" *a",
	"**a",
	"*a*",
	"*a **b ",
	"_a *b ~~c ||d ",
	"*a_b~~c||d**e",
	"`a",
	"``a`",
	"`a``b```c",
	"[a](",
	"[a](https://",
	"[a](https://a",
	"[a](https://a(",
	"[[",
	"]]",
	"[a]",
	"![",
	"[*_~",
	"> ",
	">> ",
	"> > ",
	"- - ",
	"- a\n",
	"- a\n  ",
	"1. ",
	"1. a\n  - ",
	"> - 1. ",
	"```\n",
	"a ```\n",
	"> ```\n",
	"\n\n",
	"\n \n",
	"\\*",
	"\\\\",
	"https://",
	"https://a*",
	"https://a_b ",
	"www.",
	"www.*",
	"mailto:",
	"a.a",
	"a+",
	"a@",
	"a-",
	")",
	"https://a.org/)",
	"https://a.org/!",
	"ツ",
	"¯\\_(ツ)_/¯",
	"🙂*",
	"||a",
	"||a|| ",
	"~~a~~",
	"a\t",
	"\t- a\n",
];

test("whatever is sent, each character is looked at a bounded number of times", () => {
	let worst = ["", 0];
	let seed = 7;
	const random = (limit) => (seed = (seed * 48271) % 0x7fffffff) % limit;
	const repeated = HOSTILE.map((piece) => piece.repeat(Math.ceil(LONGEST / piece.length)).slice(0, LONGEST));
	const indented = Array.from({ length: 80 }, (_, depth) => `${" ".repeat(depth)}- a`).join("\n");
	const quoted = Array.from({ length: 80 }, (_, depth) => `${"> ".repeat(depth % 9)}a`).join("\n");
	const mixed = Array.from({ length: 400 }, () => {
		let words = "";
		while (words.length < LONGEST) words += HOSTILE[random(HOSTILE.length)];
		return words.slice(0, LONGEST);
	});
	const ticks = Array.from({ length: 60 }, (_, length) => `${"`".repeat(length + 1)}a`).join("");
	for (const words of [...repeated, indented, quoted, `${ticks}\n${ticks}`, ...mixed]) {
		const meter = { steps: 0 };
		blocks(words, meter);
		const looks = meter.steps / words.length;
		if (looks > worst[1]) worst = [words.slice(0, 40), looks];
		assert.ok(looks <= MOST_LOOKS, `${looks} looks: ${JSON.stringify(words.slice(0, 80))}`);
	}
	console.log(`at most ${worst[1].toFixed(1)} looks: ${JSON.stringify(worst[0])}`);
});

test("nothing typed is lost", () => {
	let seed = 11;
	const random = (limit) => (seed = (seed * 48271) % 0x7fffffff) % limit;
	const letters = (words) => words.replace(/[^a-zツ🙂]/gu, "");
	const all = (found) => JSON.stringify(drawn(found));
	for (let round = 0; round < 3000; round += 1) {
		let words = "";
		for (let count = random(9); count >= 0; count -= 1) words += `${HOSTILE[random(HOSTILE.length)]}z`;
		const shown = all(blocks(words));
		const count = (text) => text.split("z").length;
		assert.equal(count(shown), count(words), JSON.stringify([words, shown]));
		assert.ok(
			letters(shown).length >= letters(words).length - (words.match(/https?|mailto|www|a/g) ?? []).join("").length,
		);
	}
});
