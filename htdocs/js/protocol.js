// What goes over the room's WebSocket: docs/chat-protocol.md, the JSON half.

/** Records that people have said. */
export const SPOKEN = new Set(["say", "me", "dice"]);

/** Records that say who is in the room, under which name and in which color. */
export const MEMBERSHIP = ["join", "quit", "nick", "color"];

/** All that the room's log holds. */
export const RECORDS = [...SPOKEN, ...MEMBERSHIP, "topic", "kick", "ban", "redact", "clear", "slow"];
