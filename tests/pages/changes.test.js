import assert from "node:assert/strict";
import { test } from "node:test";

import { changeBy } from "../../htdocs/js/messages/changes.js";
import { reacted } from "../../htdocs/js/messages/reactions.js";
import { Referenced } from "../../htdocs/js/messages/referenced.js";

const bob = { name: "bob" };
const said = { type: "say", id: "1", from: "alice", text: "hello" };
/** A message after some records. */
const after = (records, entry = said) =>
	records.reduce((now, record) => ({ ...now, ...changeBy({ target: "1", ...record }, bob)?.(now) }), entry);

test("an edit gives the new text, once, and not an older one", () => {
	const edit = { type: "edit", id: "3", from: "alice", text: "hello @bob" };
	assert.deepEqual(after([edit]), { ...said, text: "hello @bob", edited: "3", mentionsYou: true });
	assert.deepEqual(after([edit, edit]), after([edit]));
	assert.equal(after([edit, { ...edit, id: "2", text: "older" }]).text, "hello @bob");
	assert.equal(after([{ type: "redact", id: "2", from: "mod" }, edit]).text, "");
});

test("what is taken back has no text, no reactions and no files", () => {
	const gone = after([{ type: "redact", id: "2", from: "mod" }], { ...said, files: [{ id: "f" }], edited: "1" });
	assert.deepEqual([gone.redacted, gone.text, gone.reactions, gone.files], [true, "", [], []]);
	const late = after([
		{ type: "redact", id: "2", from: "mod" },
		{ type: "react", id: "3", from: "bob", text: "👍" },
	]);
	assert.deepEqual(late.reactions, []);
});

test("what is taken back under another name is asked for", () => {
	const reactions = [{ text: "👍", by: ["old"], count: 1, own: false }];
	const unreact = { type: "unreact", id: "2", from: "new", text: "👍" };
	assert.equal(after([unreact], { ...said, reactions }).isStale, true);
	assert.ok(!after([{ ...unreact, from: "old" }], { ...said, reactions }).isStale);
	assert.ok(!after([{ ...unreact, type: "react" }], { ...said, reactions }).isStale);
});

test("what changes no message is none", () => {
	for (const type of ["say", "pin", "join"]) assert.equal(changeBy({ ...said, type, target: "1" }, bob), null);
	assert.equal(changeBy({ type: "edit", id: "2", from: "alice", text: "x" }, bob), null);
});

test("reactions are counted once a person, in the order of their first use", () => {
	const react = (from, text, type = "react") => ({ type, from, text });
	const all = (records) => records.reduce((now, record) => reacted(now, record, bob), undefined);
	const both = all([react("alice", "👍"), react("bob", "🎉"), react("bob", "👍"), react("bob", "👍")]);
	assert.deepEqual(both, [
		{ text: "👍", by: ["alice", "bob"], count: 2, own: true },
		{ text: "🎉", by: ["bob"], count: 1, own: true },
	]);
	assert.deepEqual(reacted(both, react("bob", "🎉", "unreact"), bob), [both[0]]);
	assert.deepEqual(reacted(both, react("bob", "👍", "unreact"), bob)[0], {
		text: "👍",
		by: ["alice"],
		count: 1,
		own: false,
	});
	assert.deepEqual(reacted(both, react("carol", "🎉", "unreact"), bob), both);
	assert.deepEqual(reacted(undefined, react("carol", "🎉", "unreact"), bob), []);
	// The server names fifty and counts all.
	const many = [{ text: "👍", by: ["alice"], count: 60, own: false }];
	assert.equal(reacted(many, react("zoe", "👍", "unreact"), bob)[0].count, 59);
	assert.equal(reacted(many, react("zoe", "👍"), bob)[0].count, 61);
});

test("what is pointed to is asked for once, together, and shown when it is known", async () => {
	const asked = [];
	const drawn = [];
	const listeners = {};
	const here = { 9: { id: "9", text: "here" }, a: { id: "a" }, b: { id: "b" } };
	const referenced = new Referenced({
		find: (id) => here[id],
		ask: (ids) => asked.push(ids),
		redraw: (id) => drawn.push(id),
		answered: () => {},
	});
	referenced.follow({ on: (type, listener) => (listeners[type] = listener) });
	assert.equal(referenced.get("9", "a"), here[9]);
	assert.equal(referenced.get("1", "a"), undefined);
	assert.equal(referenced.get("1", "b"), undefined);
	assert.equal(referenced.get("2", "b"), undefined);
	await new Promise((done) => setTimeout(done, 60));
	assert.deepEqual(asked, [["1", "2"]]);
	listeners.messages({ records: [{ id: "1", text: "one" }] });
	assert.deepEqual(drawn, ["a", "b", "b"]);
	assert.equal(referenced.get("1", "a").text, "one");
	assert.equal(referenced.get("2", "b"), null);
	referenced.changed("1", () => ({ text: "edited" }));
	assert.equal(referenced.get("1", "a").text, "edited");
	assert.deepEqual(drawn.slice(3), ["a", "b"]);
	await new Promise((done) => setTimeout(done, 60));
	assert.equal(asked.length, 1);
});
