import assert from "node:assert/strict";
import { test } from "node:test";

import { inOrder } from "../../htdocs/js/room_order.js";

const room = (name, count = 0, mentions = 0, level = "mentions") => ({
	name,
	label: name,
	level,
	unread: { count, mentions },
});

test("rooms with news come first, those that name the reader before them, quiet ones by name alone", () => {
	const rooms = [room("b"), room("a10"), room("a2", 5), room("z", 1, 1), room("c", 9, 0, "nothing")];
	assert.deepEqual(
		inOrder(rooms).map(({ name }) => name),
		["z", "a2", "a10", "b", "c"],
	);
});

test("what somebody points at does not move", () => {
	const [a, b] = [room("a"), room("b", 3, 3)];
	assert.deepEqual(inOrder([b, a], [a]), [a, b]);
});
