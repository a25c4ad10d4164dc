import assert from "node:assert/strict";
import { test } from "node:test";

import { pieces, roundUp } from "../../htdocs/admin/js/scale.js";

test("the top of a plot is a round number that is not below its points", () => {
	for (const [most, top] of [
		[0, 1],
		[1, 1],
		[3, 5],
		[10, 10],
		[37, 50],
		[101, 200],
		[9_999, 10_000],
	]) {
		assert.equal(roundUp(most), top);
	}
	assert.equal(roundUp(5_000_000, true), 5 * 1024 * 1024);
	assert.equal(roundUp(90e9, true), 100 * 1024 ** 3);
});

test("a time without samples is a gap", () => {
	const at = (/** @type {number[]} */ ...times) => times.map((time) => ({ at: time }));
	assert.deepEqual(pieces(at(), 10), []);
	assert.deepEqual(pieces(at(1, 5, 15, 40, 45), 10), [at(1, 5, 15), at(40, 45)]);
});
