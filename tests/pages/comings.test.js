import assert from "node:assert/strict";
import { test } from "node:test";

import { outcomes } from "../../htdocs/js/comings.js";

/** @param {string} words "+name" comes, "-name" goes. */
const row = (words) =>
	words.split(" ").map((word) => ({ type: word[0] === "+" ? "join" : "quit", from: word.slice(1) }));

test("everybody is counted once, by what became of them in the end", () => {
	assert.deepEqual(outcomes(row("+ann +bob -cid +dan -dan -eve +eve")), [
		["came", ["ann", "bob"]],
		["went", ["cid"]],
		["visited", ["dan"]],
		["returned", ["eve"]],
	]);
	assert.deepEqual(outcomes(row("+ann -ann +ann")), [["came", ["ann"]]]);
	assert.deepEqual(outcomes(row("-ann +ann -ann")), [["went", ["ann"]]]);
	assert.deepEqual(outcomes([]), []);
});
