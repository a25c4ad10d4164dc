import { MEMBERSHIP } from "../client/people.js";

// What goes over the room's WebSocket: docs/chat-protocol.md, the JSON half.

/** Records that people have said. */
export const SPOKEN = new Set(["say", "me", "dice"]);

/** Records that change an earlier one, or what is pinned, and are no line of their own. */
export const CHANGES = ["redact", "edit", "react", "unreact", "pin", "unpin"];

/** All that the room's log holds. */
export const RECORDS = [...SPOKEN, ...MEMBERSHIP, "topic", "kick", "ban", "clear", "slow", ...CHANGES];

const TEXT_WELCOME = /^\[\d\d:\d\d:\d\d\] Welcome to the chat room /;

/**
 * Whether that is what the server of 2016 says first: whatever a page says there, pings too, would be read by all.
 * @param {string} said
 */
export const speaksText = (said) => TEXT_WELCOME.test(said);
