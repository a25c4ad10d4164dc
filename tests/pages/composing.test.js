import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { begunAt } from "../../htdocs/js/composing/begun.js";
import { cleanDraft, forgetDrafts, keepDraft, newTask, readDraft } from "../../htdocs/js/composing/drafts.js";
import { recalled } from "../../htdocs/js/composing/recalling.js";
import { Recall } from "../../htdocs/js/recall.js";

beforeEach(() => {
	const kept = {};
	Object.defineProperties(kept, {
		getItem: { value: (key) => kept[key] ?? null },
		setItem: { value: (key, value) => (kept[key] = String(value)) },
		removeItem: { value: (key) => delete kept[key] },
	});
	globalThis.localStorage = kept;
});

test("what is begun at the cursor is a command, a person or an emoji", () => {
	const begun = (words) => begunAt(words, words.length);
	assert.deepEqual(begun("/"), { kind: "command", typed: "", from: 0 });
	assert.deepEqual(begun("/ki"), { kind: "command", typed: "ki", from: 0 });
	assert.deepEqual(begun("hi @al"), { kind: "person", typed: "al", from: 3 });
	assert.deepEqual(begun("@"), { kind: "person", typed: "", from: 0 });
	assert.deepEqual(begun("so (@bo"), { kind: "person", typed: "bo", from: 4 });
	assert.deepEqual(begun("x\n:he"), { kind: "emoji", typed: "he", from: 2 });
	assert.deepEqual(begun(":thumbs_up"), { kind: "emoji", typed: "thumbs up", from: 0 });
	for (const words of [
		"",
		"//",
		"/kick bob",
		" /x",
		"a/b",
		"/a\nb",
		"mail@example.org",
		":D",
		":-)",
		":'-(",
		"10:15",
		"a:he",
	])
		assert.equal(begun(words), null, words);
	assert.deepEqual(begunAt("@al and more", 3), { kind: "person", typed: "al", from: 0 });
	assert.equal(begunAt("@al", -1), null);
	// A long text is not looked through.
	const began = performance.now();
	for (let n = 0; n < 1000; n += 1) begun("(@".repeat(4096));
	assert.ok(performance.now() - began < 5000);
});

const draft = (words, more = {}) => ({ words, to: "", person: "", isPasted: false, ...more });

test("a draft is kept with what it is for, and is its account's", () => {
	const task = newTask("edit", { id: "1", from: "alice", text: "x".repeat(999) }, "before");
	keepDraft("alice", "lobby", draft("hers", { task }));
	keepDraft("", "lobby", draft("a guest's"));
	const { words, task: kept } = readDraft("alice", "lobby");
	assert.equal(words, "hers");
	assert.deepEqual([kept.kind, kept.id, kept.stash, kept.words.length], ["edit", "1", "before", 300]);
	assert.equal(readDraft("", "lobby").words, "a guest's");
	assert.equal(readDraft("", "other").words, "");
	// What was begun before they logged in goes on, and is nobody else's from then on.
	assert.equal(readDraft("bob", "lobby").words, "a guest's");
	keepDraft("bob", "lobby", draft("a guest's"));
	assert.equal(readDraft("carol", "lobby").words, "");
	forgetDrafts();
	assert.deepEqual(Object.keys(globalThis.localStorage), []);
});

test("drafts are bounded, the oldest go, and an empty one is none", () => {
	const now = Date.now;
	let time = 0;
	Date.now = () => (time += 1);
	for (let n = 0; n < 60; n += 1) keepDraft("", `r${n}`, draft("words"));
	Date.now = now;
	assert.equal(Object.keys(globalThis.localStorage).length, 50);
	assert.equal(readDraft("", "r0").words, "");
	assert.equal(readDraft("", "r59").words, "words");
	keepDraft("", "r59", draft(""));
	keepDraft("", "r58", draft("x".repeat(20_001)));
	assert.equal(Object.keys(globalThis.localStorage).length, 48);
});

test("a stored draft is looked at like a stranger's", () => {
	for (const kept of [null, 7, [], {}, { words: 1, to: {}, task: "x" }, { task: { kind: "delete", id: "1" } }])
		assert.deepEqual(cleanDraft(kept), draft(""));
	assert.equal(cleanDraft("of an earlier version").words, "of an earlier version");
});

test("up goes to what was done last: a message to edit, a command to call back", () => {
	const own = { type: "say", id: "1", from: "me", text: "hi" };
	const up = { key: "ArrowUp" };
	const state = { isEmpty: true, canEdit: true };
	const recall = new Recall();
	const uses = { recall, lastOwn: () => own };
	assert.deepEqual(recalled(up, uses, state), { own });
	recall.add({ words: "/roll 2d6", to: "", person: "" });
	assert.equal(recalled(up, uses, state).draft.words, "/roll 2d6");
	recall.leave();
	recall.add({ words: "hello", to: "", person: "" });
	assert.deepEqual(recalled(up, uses, state), { own });
	assert.equal(recalled({ ...up, ctrlKey: true }, uses, state).draft.words, "hello");
	assert.equal(recalled(up, uses, { ...state, isEmpty: false }).draft.words, "/roll 2d6");
	recall.leave();
	assert.equal(recalled(up, uses, { ...state, canEdit: false }).draft.words, "hello");
	recall.leave();
	assert.equal(recalled(up, uses, { ...state, isEmpty: false }), null);
	assert.equal(recalled({ ...up, altKey: true }, uses, state), null);
});
