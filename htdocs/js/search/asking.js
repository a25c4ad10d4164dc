// One search: asks the server page by page until enough is found, all was read, or nobody wants to know any more.

import { clientToken } from "../room_socket.js";
import { ServerError, askServer } from "../server.js";

/** Hits that are shown before somebody asks for more. */
const ENOUGH = 20;
/** Others search, or this person has searched much: asked again after so long. */
const AGAIN_MS = 2000;
const MOST_AGAIN = 30;
const LATER = new Set(["too_many_searches", "busy"]);

export class Asking {
	#wish;
	#take;
	#cursor = "";
	isOver = false;
	isStopped = false;

	/**
	 * @param {Record<string, string>} wish What to ask for.
	 * @param {(answer: SearchAnswer) => void} take Each page as it comes.
	 */
	constructor(wish, take) {
		this.#wish = wish;
		this.#take = take;
	}

	/** Asks on. */
	async go() {
		this.isStopped = false;
		for (let found = 0; found < ENOUGH && !this.isOver && !this.isStopped;) {
			const answer = await this.#ask();
			if (this.isStopped) return;
			found += answer.hits.length;
			this.#cursor = answer.cursor ?? "";
			this.isOver = !this.#cursor;
			this.#take(answer);
		}
	}

	/** @returns {Promise<SearchAnswer>} */
	async #ask() {
		const wanted = new URLSearchParams({ ...this.#wish, limit: String(ENOUGH) });
		if (this.#cursor) wanted.set("cursor", this.#cursor);
		for (let again = 0; ; again += 1) {
			try {
				sayWho();
				return await askServer(`search?${wanted}`);
			} catch (error) {
				const isLater = error instanceof ServerError && LATER.has(error.code);
				if (!isLater || again >= MOST_AGAIN || this.isStopped) throw error;
				await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
			}
		}
	}
}

/** A guest is known by this browser's token, which belongs into no address. */
function sayWho() {
	const { pathname, protocol } = new URL("api/search", document.baseURI);
	const secure = protocol === "https:" ? "; Secure" : "";
	document.cookie = `chat-client=${encodeURIComponent(clientToken())}; Path=${pathname}; SameSite=Strict${secure}`;
}
