// Questions to chat-cgi, the server's CGI program at api/.

export class ServerError extends Error {
	/** @param {string} code @param {string} message */
	constructor(code, message) {
		super(message);
		this.code = code;
	}
}

/** PHP's sessions end after 24 minutes by default. */
const KEEP_SESSION_MS = 8 * 60 * 1000;
/** How long the server's small answers may take before the page says so. */
const ANSWER_TIMEOUT_MS = 15000;

/**
 * Asks chat-cgi at api/`path`; gives its JSON or throws a ServerError with the code it named.
 * @param {string} path
 * @param {{ method?: string, body?: unknown }} [options]
 * @returns {Promise<any>}
 */
export async function askServer(path, { method = "GET", body } = {}) {
	let response;
	try {
		response = await fetch(`api/${path}`, {
			method,
			// A page of another site cannot send this type without asking first: the server insists on it.
			headers: method === "GET" ? {} : { "Content-Type": "application/json" },
			body: body === undefined ? undefined : JSON.stringify(body),
			credentials: "same-origin",
			cache: "no-store",
			signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
		});
	} catch (error) {
		throw new ServerError("network", String(error));
	}
	if (!response.headers.get("Content-Type")?.includes("json")) {
		throw new ServerError("no-server-part", `${response.status}`);
	}
	let answer;
	try {
		answer = await response.json();
	} catch (error) {
		throw new ServerError("network", String(error));
	}
	if (response.ok) return answer;
	throw new ServerError(answer?.error?.code ?? "other", answer?.error?.message ?? `${response.status}`);
}

/** @returns {Promise<Session>} Without chat-cgi: nobody, and `missing` says why. */
export async function loadSession() {
	try {
		return await askServer("session");
	} catch (error) {
		const missing = error instanceof ServerError && error.code === "no-server-part";
		return { name: null, color: null, account: null, missing };
	}
}

/** A session ends when nothing is asked for a while; somebody in a room is there all the time. */
export function keepSession() {
	setInterval(() => askServer("session").catch(() => {}), KEEP_SESSION_MS);
}
