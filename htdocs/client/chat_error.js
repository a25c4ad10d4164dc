/** Why something was not done: `code` is for programs (docs/chat-protocol.md, error codes), `message` for people. */
export class ChatError extends Error {
	/** @param {string} code @param {string} [words] */
	constructor(code, words) {
		super(words ?? code);
		this.name = "ChatError";
		this.code = code;
	}
}
