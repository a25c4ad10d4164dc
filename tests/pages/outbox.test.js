import assert from "node:assert/strict";
import { test } from "node:test";

import { Outbox } from "../../htdocs/js/outbox.js";

/** A browser's storage, as far as the pages use it. */
function storage() {
	const kept = {};
	Object.defineProperties(kept, {
		getItem: { value: (key) => kept[key] ?? null },
		setItem: { value: (key, value) => (kept[key] = String(value)) },
		removeItem: { value: (key) => delete kept[key] },
	});
	return kept;
}

/** An outbox and the states that its messages went through. */
function open(owner = "tab", account = "") {
	const states = [];
	const outbox = new Outbox("lobby", owner, account, ({ text, state }) => states.push(`${text} ${state}`));
	outbox.pace({ rate: 10, burst: 20 });
	return { outbox, states };
}

test("what was not acknowledged is there after a reload, in order, and is sent with the same id", () => {
	globalThis.localStorage = storage();
	const { outbox } = open();
	const ids = ["one", "two", "three"].map((words) => outbox.add({ type: "say", text: words }).msgid);
	outbox.flush(() => true);
	outbox.acknowledged(ids[1]);
	const sent = [];
	open().outbox.flush((message) => sent.push([message.text, message.msgid]));
	assert.deepEqual(sent, [
		["one", ids[0]],
		["three", ids[2]],
	]);
});

test("an interrupted message waits again; a refused one waits for the person", () => {
	globalThis.localStorage = storage();
	const { outbox, states } = open();
	const { msgid } = outbox.add({ type: "say", text: "hi" });
	outbox.flush(() => true);
	outbox.interrupted();
	outbox.flush(() => true);
	outbox.refused(msgid, "muted");
	outbox.flush(() => assert.fail("it is not sent by itself"));
	assert.deepEqual(states, ["hi waiting", "hi sending", "hi waiting", "hi sending", "hi failed"]);
});

test("a tab takes over what a tab that is gone has left", () => {
	globalThis.localStorage = storage();
	open("old").outbox.add({ type: "say", text: "left behind" });
	open("busy").outbox.add({ type: "say", text: "mine" });
	const { outbox } = open("new");
	outbox.takeOver((owner) => owner === "old");
	assert.deepEqual(
		outbox.messages.map(({ text }) => text),
		["left behind"],
	);
});

test("stored values of another kind are dropped", () => {
	for (const kept of ["null", "{}", '"x"', '[1, null, {"msgid": 1}]', "not json"]) {
		globalThis.localStorage = storage();
		globalThis.localStorage.setItem("chat.outbox.lobby.tab", kept);
		assert.deepEqual(open().outbox.messages, [], kept);
	}
});

test("what was written as somebody is sent as nobody else", () => {
	globalThis.localStorage = storage();
	const { outbox } = open("tab", "alice");
	const { msgid } = outbox.add({ type: "say", text: "as alice" });
	outbox.setAccount("");
	outbox.flush(() => assert.fail("it is kept back"));
	assert.match(outbox.messages[0].reason, /writtenAs/);
	// Asked for by hand it goes as the one who asks.
	outbox.again(msgid);
	const sent = [];
	outbox.flush((message) => sent.push(message.text));
	assert.deepEqual(sent, ["as alice"]);
});

test("a command whose answer was lost is not repeated by itself, a message is", () => {
	globalThis.localStorage = storage();
	const { outbox } = open();
	outbox.add({ type: "say", text: "/clear" });
	outbox.add({ type: "say", text: "hello" });
	outbox.flush(() => true);
	const sent = [];
	const reloaded = open().outbox;
	reloaded.flush((message) => sent.push(message.text));
	assert.deepEqual(sent, ["hello"]);
	assert.equal(reloaded.messages.find(({ text }) => text === "/clear").state, "failed");
});
