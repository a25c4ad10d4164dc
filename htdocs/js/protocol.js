// What goes over the room's WebSocket: docs/chat-protocol.md, the JSON half.

/** Records that people have said. */
export const SPOKEN = new Set(["say", "me", "dice"]);

/** Records that say who is in the room, under which name and in which color. */
export const MEMBERSHIP = ["join", "quit", "nick", "color"];

/** Records that change an earlier one, or what is pinned, and are no line of their own. */
export const CHANGES = ["redact", "edit", "react", "unreact", "pin", "unpin"];

/** All that the room's log holds. */
export const RECORDS = [...SPOKEN, ...MEMBERSHIP, "topic", "kick", "ban", "clear", "slow", ...CHANGES];
