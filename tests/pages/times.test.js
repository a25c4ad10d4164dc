import assert from "node:assert/strict";
import { test } from "node:test";

import { ago, dayOf, timeOf } from "../../htdocs/js/times.js";

test("a time is told by the unit that fits it", () => {
	const now = Date.parse("2026-11-21T12:00:00Z");
	const told = (seconds) => ago(new Date(now - seconds * 1000), "en", now);
	assert.equal(told(5), "5 seconds ago");
	assert.equal(told(180), "3 minutes ago");
	assert.equal(told(7200), "2 hours ago");
	assert.equal(told(86400), "yesterday");
	assert.match(told(30 * 86400), /2026/);
});

test("an id that is no time does not throw", () => {
	assert.equal(timeOf("damaged").getTime(), 0);
	assert.equal(dayOf("damaged"), dayOf("1970-01-01T00:00:00.000000Z"));
});
