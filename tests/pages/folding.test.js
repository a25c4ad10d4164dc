import assert from "node:assert/strict";
import { test } from "node:test";

import { beginning } from "../../htdocs/js/messages/folding.js";

const lines = (count) => Array.from({ length: count }, (_, number) => `line ${number}`).join("\n");

test("some lines are shown whole, more fold to their beginning", () => {
	assert.equal(beginning("one line"), null);
	assert.equal(beginning(lines(15)), null);
	assert.deepEqual(beginning(lines(16)), { shown: lines(10), lines: 16 });
	assert.equal(beginning("x".repeat(2400)), null);
});

test("a long line folds between words, and within none of its letters", () => {
	const words = "some words ".repeat(300);
	const shown = beginning(words)?.shown ?? "";
	assert.ok(shown.endsWith("words…") || shown.endsWith("some…"), shown.slice(-20));
	assert.ok(words.startsWith(shown.slice(0, -1)));
	for (const before of ["", "x"]) {
		assert.equal(beginning(before + "🙂".repeat(1300))?.shown.isWellFormed?.() ?? true, true);
	}
});
