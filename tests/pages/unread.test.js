import assert from "node:assert/strict";
import { test } from "node:test";

import { Unread } from "../../htdocs/js/unread.js";

/** A time that sorts as the server's do. */
const id = (second) => `2026-11-21T10:15:${String(second).padStart(2, "0")}.000000Z`;

const counts = ({ count, mentions }) => [count, mentions];

test("what the server counted is not counted again when it comes as a record", () => {
	const unread = new Unread();
	unread.welcomed({ read: id(5), unread: 3, mentions: 1, last: id(9) });
	assert.deepEqual(counts(unread), [3, 1]);
	for (const second of [7, 8, 9]) unread.arrived(id(second), true);
	assert.deepEqual(counts(unread), [3, 1]);
	unread.arrived(id(10), true);
	assert.deepEqual(counts(unread), [4, 2]);
});

test("a mark takes away what is up to it, and never goes back", () => {
	const unread = new Unread();
	unread.welcomed({ read: id(5), unread: 2, mentions: 0, last: id(9) });
	unread.arrived(id(10), false);
	unread.arrived(id(11), true);
	assert.ok(unread.readUpTo(id(10)));
	assert.deepEqual(counts(unread), [1, 1]);
	assert.ok(!unread.readUpTo(id(6)));
	assert.equal(unread.read, id(10));
	assert.ok(unread.readUpTo(id(11)));
	assert.deepEqual(counts(unread), [0, 0]);
});

test("after a mark in the middle, what the server counts holds", () => {
	const unread = new Unread();
	unread.welcomed({ read: id(1), unread: 40, mentions: 3, last: id(30) });
	unread.arrived(id(31), true);
	unread.readUpTo(id(20), { unread: 12, mentions: 2 });
	assert.deepEqual(counts(unread), [12, 2]);
	unread.arrived(id(32), false);
	assert.deepEqual(counts(unread), [13, 2]);
});

test("what was read while the server did not hear of it does not count when it is back", () => {
	const unread = new Unread();
	unread.welcomed({ last: id(1) });
	unread.arrived(id(2), false);
	unread.readUpTo(id(2));
	unread.welcomed({ read: id(1), unread: 1, mentions: 0, last: id(2) });
	assert.deepEqual(counts(unread), [0, 0]);
});

test("counting ends at a hundred", () => {
	const unread = new Unread();
	unread.welcomed({});
	for (let second = 0; second < 300; second += 1) unread.arrived(`${id(1)}${String(second).padStart(3, "0")}`, true);
	assert.deepEqual(counts(unread), [100, 100]);
});
