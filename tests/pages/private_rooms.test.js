import assert from "node:assert/strict";
import { test } from "node:test";

import { PrivateRooms } from "../../htdocs/js/private_rooms.js";

/** What was sent, shown and said. */
function open({ isOpen = true } = {}) {
	const sent = [];
	const shown = [];
	const said = [];
	const privately = new PrivateRooms({
		send: (message) => isOpen && sent.push(message) > 0,
		show: (room) => shown.push(room),
		notice: (words) => said.push(words),
	});
	return { privately, sent, shown, said };
}

test("a conversation that was begun is shown when the server says where it is", async () => {
	const { privately, sent, shown } = open();
	const begun = privately.talkTo("bob", "16e613c9f92d2027d86e");
	assert.deepEqual(sent[0].people, [{ to: "bob", person: "16e613c9f92d2027d86e" }]);
	assert.equal(privately.take({ type: "ack", msgid: "another's" }), false);
	assert.equal(privately.take({ type: "ack", msgid: sent[0].msgid, room: "~0123456789abcdef0123" }), true);
	await begun;
	assert.deepEqual(shown, ["~0123456789abcdef0123"]);
	assert.equal(privately.take({ type: "ack", msgid: sent[0].msgid }), false, "answered once");
});

test("why there is none is said in the server's words", async () => {
	const { privately, sent, shown, said } = open();
	const begun = privately.talkTo("bob");
	assert.deepEqual(sent[0].people, [{ to: "bob" }]);
	privately.take({ type: "error", msgid: sent[0].msgid, code: "not_accepted", text: "bob accepts none" });
	await begun;
	assert.deepEqual([shown, said], [[], ["bob accepts none"]]);
});

test("without a connection nothing is asked, and that is said at once", async () => {
	const { privately, said } = open({ isOpen: false });
	await privately.talkTo("bob");
	assert.equal(said.length, 1);
});
