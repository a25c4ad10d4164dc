// What is typed into the search, and how what was found is marked.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inUtc, markedParts, midnight, shortened, without } from "../../htdocs/js/search/typed.js";

test("a day that is typed is the reader's own", () => {
	const before = process.env.TZ;
	process.env.TZ = "Europe/Prague";
	try {
		assert.equal(midnight("2026-03-29"), "2026-03-28T23:00:00");
		// A day of 23 hours.
		assert.equal(midnight("2026-03-29", 1), "2026-03-29T22:00:00");
		assert.equal(midnight("2026-13-29"), "");
		assert.equal(
			inUtc('tea after:2026-01-02 Before:"2026-07-01"'),
			"tea after:2026-01-01T23:00:00 Before:2026-06-30T22:00:00",
		);
		for (const typed of ["after:soon", "after:2026-01-02T10:00", "there-after:2026-01-02", "before: 2026-01-02"]) {
			assert.equal(inUtc(typed), typed);
		}
	} finally {
		if (before === undefined) delete process.env.TZ;
		else process.env.TZ = before;
	}
});

test("what narrows a search down is taken out of it", () => {
	assert.equal(without('tea from:"Anna B" milk', "from"), "tea milk");
	assert.equal(without("FROM:bob tea", "from"), "tea");
	assert.equal(without("tea", "from"), "tea");
});

test("marks cut a text into parts that are all of it", () => {
	const words = "a 😀 tea and tea";
	const parts = markedParts(words, [
		[5, 3],
		[13, 3],
	]);
	assert.deepEqual(parts.map(({ text, isMarked }) => (isMarked ? `[${text}]` : text)).join(""), "a 😀 [tea] and [tea]");
	assert.deepEqual(markedParts("tea", []), [{ text: "tea", isMarked: false }]);
});

test("of a long message the part with the words is shown", () => {
	const words = `${"x".repeat(2000)} tea ${"y".repeat(2000)} tea`;
	const short = shortened(words, [
		[2001, 3],
		[4006, 3],
	]);
	assert.equal(short.marks.length, 1);
	const [[start, length]] = short.marks;
	assert.equal(short.words.slice(start, start + length), "tea");
	assert.ok(short.words.length < 700 && short.words.startsWith("…") && short.words.endsWith("…"));
});
