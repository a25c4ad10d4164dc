import assert from "node:assert/strict";
import { test } from "node:test";

import { mentions, safeAddress, tokenize } from "../../htdocs/js/tokens.js";

/** Pieces that a message may be made of, from harmless to hostile. */
const PIECES = [
	"a",
	" ",
	"(",
	")",
	".",
	":-)",
	"<3",
	"bob",
	"https://a.org/",
	"www.",
	"mailto:",
	"javascript:",
	"\u202e",
	"ž",
	"🙂",
];

test("the tokens of a message, joined, are the message", () => {
	let seed = 1;
	const random = (limit) => (seed = (seed * 48271) % 0x7fffffff) % limit;
	for (let round = 0; round < 2000; round += 1) {
		const words = Array.from({ length: random(12) }, () => PIECES[random(PIECES.length)]).join("");
		const tokens = tokenize(words, { nick: "bob" });
		assert.equal(tokens.map(({ text }) => text).join(""), words);
		for (const { address } of tokens) if (address) assert.match(address, /^(https?|mailto):/);
	}
});

test("an address that hides its host is no link", () => {
	for (const typed of ["https://bank.org@evil.org/", "javascript:alert(1)", "https://", "data:text/html,x"]) {
		assert.equal(safeAddress(typed), null, typed);
	}
});

test("a name is mentioned as a whole word only", () => {
	for (const words of ["bob", "@bob", "hi Bob!", "(bob)"]) assert.ok(mentions(words, "bob"), words);
	for (const words of ["bobby", "bob-cat", "rebob", ""]) assert.ok(!mentions(words, "bob"), words);
	assert.ok(!mentions("anything", ""));
});

test("a link ends where its sentence does, and one without a scheme is found", () => {
	const links = (words) =>
		tokenize(words).flatMap(({ kind, text, address }) => (kind === "link" ? [[text, address]] : []));
	for (const [words, text, address] of [
		["„https://example.com“", "https://example.com", "https://example.com/"],
		["«https://example.com/a»", "https://example.com/a", "https://example.com/a"],
		["见https://example.com。然后", "https://example.com", "https://example.com/"],
		["look at example.com/x, please", "example.com/x", "https://example.com/x"],
		["write to jana.nova@example.cz.", "jana.nova@example.cz", "mailto:jana.nova@example.cz"],
	]) {
		assert.deepEqual(links(words), [[text, address]], words);
	}
	for (const words of ["a.b", "e.g. this", "3.14", "main.rs", "user:example.com"])
		assert.deepEqual(links(words), [], words);
});
