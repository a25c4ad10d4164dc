// Questions to chat-web, the administration's part on the server at api/.

import { readStored, writeStored } from "/chat/js/storage.js";

/** How long an answer may take before the page says so. */
const ANSWER_TIMEOUT_MS = 30_000;

export class AskError extends Error {
	/** @param {string} code @param {string} message */
	constructor(code, message) {
		super(message);
		this.code = code;
	}
}

/** Where a tab keeps its token. */
const KEPT = "administration";
/**
 * What the server told when somebody logged in, and wants with each question: the cookie alone, which every port of
 * this host is sent, opens nothing. It is kept for this tab.
 */
let token = readStored(KEPT, "", "sessionStorage");
/** Called when the session is over. */
let left = () => {};
/** Asks for the password once more; false: they would not. @type {() => Promise<boolean>} */
let prove = async () => false;

/** @param {{ left: () => void, prove: () => Promise<boolean> }} handlers */
export function listen(handlers) {
	({ left, prove } = handlers);
}

/**
 * @param {string} path
 * @param {{ method?: string, body?: object }} [options]
 * @returns {Promise<any>}
 */
export async function ask(path, { method = "GET", body } = {}) {
	let response;
	let answer;
	try {
		response = await fetch(`api/${path}`, {
			method,
			headers: { "X-Chat-Token": token, ...(method === "GET" ? {} : { "Content-Type": "application/json" }) },
			body: method === "GET" ? undefined : JSON.stringify(body ?? {}),
			credentials: "same-origin",
			cache: "no-store",
			signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
		});
		answer = await response.json();
	} catch (error) {
		throw new AskError("network", `The server does not answer: ${error}`);
	}
	if (response.ok) {
		if (path.startsWith("session")) {
			token = answer.token ?? "";
			writeStored(KEPT, token, "sessionStorage");
		}
		return answer;
	}
	const { code = "other", message = String(response.status) } = answer?.error ?? {};
	if (code === "log_in") left();
	throw new AskError(code, message);
}

/**
 * Does something: a command of chatctl. What needs the password anew asks for it, and is then done.
 * @param {string} name
 * @param {object} values
 * @returns {Promise<{ text: string, value: any }>}
 */
export async function doDeed(name, values) {
	const path = `deeds/${name}`;
	try {
		return await ask(path, { method: "POST", body: values });
	} catch (error) {
		if (!(error instanceof AskError) || error.code !== "password_needed" || !(await prove())) throw error;
		return ask(path, { method: "POST", body: values });
	}
}
