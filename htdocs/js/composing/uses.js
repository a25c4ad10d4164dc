// What the composer uses of the room that is shown.

import { preference } from "../preferences.js";
import { SPOKEN } from "../protocol.js";
import { Recall } from "../recall.js";

/** Before there is a room. @type {ComposerUses} */
export const NOWHERE = {
	recall: new Recall(),
	submit: () => false,
	notice: () => {},
	people: () => [],
	personOf: () => "",
	typed: () => {},
	account: () => "",
	commands: async () => [],
	lastOwn: () => undefined,
};

/** @param {Room} room @returns {ComposerUses} */
export const composerUses = (room) => ({
	recall: room.recall,
	submit: (line) => room.submit(line),
	notice: (words) => room.conversation.notice("error", words),
	people: () => room.members.all.filter(({ name }) => name !== room.me.name),
	personOf: (name) => room.members.get(name)?.person ?? "",
	typed: (words, whisperTo, person) =>
		preference("typingOff").includes(room.name) || room.typing.typed(words, whisperTo, person),
	account: () => room.me.account,
	commands: () => commandsOf(room),
	lastOwn: () => lastOwn(room),
});

/**
 * What the server says of its commands, once for each role.
 * @type {WeakMap<Room, Map<boolean, Promise<AnswerRow[]>>>}
 */
const known = new WeakMap();

/** @param {Room} room */
function commandsOf(room) {
	const byRole = known.get(room) ?? new Map();
	known.set(room, byRole);
	const { moderator } = room.me;
	if (!byRole.has(moderator))
		byRole.set(
			moderator,
			askFor(room, () => byRole.delete(moderator)),
		);
	return byRole.get(moderator);
}

/** @param {Room} room @param {() => void} failed @returns {Promise<AnswerRow[]>} */
async function askFor(room, failed) {
	try {
		const { ask } = await import("../moderation/questions.js");
		return await ask(room, "/help");
	} catch {
		// Without a connection there is only what the page itself knows; asked again later.
		failed();
		return [];
	}
}

/** The newest message of one's own that is in the page. @param {Room} room */
function lastOwn({ timeline, me, members }) {
	const person = members.get(me.name)?.person;
	return timeline.records.findLast(
		(record) =>
			SPOKEN.has(record.type) &&
			record.type !== "dice" &&
			!record.redacted &&
			(person && record.person ? record.person === person : record.from === me.name),
	);
}
