// The call on the page: a tile for each person, one's own buttons, and the question before it starts.

import { openDialog } from "../dialog.js";
import { byId, element, icon, loadStyle } from "../dom.js";
import { text } from "../texts.js";
import { MAX_IN_CALL, QUIET_FROM } from "./limits.js";
import { Tile } from "./tile.js";

/** One's own tile among those of the other pages. */
const OWN = "own";

export class CallView {
	#mesh;
	#uses;
	#box = element("section", { class: "call", "aria-label": text("callTitle"), hidden: true });
	#isShown = false;
	/** @type {Map<string, Tile>} */
	#tiles = new Map();
	// It scrolls when many talk: also by keyboard.
	#grid = element("div", { class: "call-tiles", tabindex: "0", role: "group", "aria-label": text("callTitle") });
	#bar = element("div", { class: "call-bar" });

	/** @param {Mesh} mesh @param {CallUses} uses */
	constructor(mesh, uses) {
		this.#mesh = mesh;
		this.#uses = uses;
		loadStyle("css/calls.css");
		this.#box.append(this.#grid, this.#bar);
		byId("call").append(this.#box);
	}

	/** Hidden, it is still heard. @param {boolean} isShown */
	show(isShown) {
		this.#isShown = isShown;
		this.draw();
	}

	/** The button that starts, joins or leaves the call. */
	pressed() {
		if (this.#mesh.inCall) this.#mesh.leave();
		else this.#ask();
	}

	draw() {
		const { inCall, callers } = this.#mesh;
		this.#box.hidden = !this.#isShown || (!inCall && callers.length === 0);
		this.#drawTiles();
		if (!this.#isShown) {
			this.#bar.replaceChildren();
			return;
		}
		const button = byId("call-button");
		let label = inCall ? text("callLeave") : text("callStart");
		if (!inCall && callers.length) label = text("callJoin", { count: callers.length });
		button.setAttribute("aria-label", label);
		button.title = label;
		button.setAttribute("aria-pressed", String(inCall));
		this.#bar.replaceChildren(...(inCall ? this.#ownButtons() : this.#invitation()));
	}

	/** Voice, or voice and video; nothing is opened before one is chosen. */
	#ask() {
		const problem = obstacle();
		const status = element("p", { class: "status bad", role: "alert" }, problem);
		const many = this.#mesh.callers.length + 1 >= QUIET_FROM;
		return openDialog(text("callTitle"), (close) => {
			/** @param {boolean} withCamera */
			const start = async (withCamera) => {
				status.textContent = "";
				try {
					await this.#mesh.join(withCamera);
					close();
				} catch (error) {
					status.textContent = deviceProblem(error);
				}
			};
			/** @param {string} id @param {string} picture @param {string} key @param {boolean} camera */
			const choice = (id, picture, key, camera) => {
				const preferred = camera !== many ? "primary" : "";
				const attributes = { type: "button", id, class: preferred, disabled: problem !== "" };
				return element("button", { ...attributes, onclick: () => start(camera) }, icon(picture), text(key));
			};
			return [
				element("p", { class: "hint" }, text("callIntro")),
				status,
				element(
					"div",
					{ class: "form-actions call-choices" },
					choice("call-audio", "microphone", "callAudio", false),
					choice("call-video", "camera", "callVideo", true),
				),
			];
		});
	}

	#drawTiles() {
		const { inCall, callers, media } = this.#mesh;
		const { me, members } = this.#uses;
		const pages = inCall ? [...callers.map(({ page }) => page), OWN] : [];
		for (const [page, tile] of this.#tiles) {
			if (pages.includes(page)) continue;
			tile.node.remove();
			this.#tiles.delete(page);
		}
		if (!inCall) return;
		for (const { page, name, stream, peer } of callers) {
			const color = members.get(name)?.color;
			this.#tile(page).fill({ name, color, stream, state: peer?.state ?? "new" });
		}
		this.#tile(OWN).fill({ name: me.name, color: me.color, stream: media.stream, state: OWN });
		this.#grid.style.setProperty("--tiles", String(pages.length));
	}

	/** @param {string} page */
	#tile(page) {
		const old = this.#tiles.get(page);
		if (old) return old;
		const tile = new Tile(page === OWN);
		this.#tiles.set(page, tile);
		this.#grid.append(tile.node);
		return tile;
	}

	/** Others talk: who, and a button to join them. */
	#invitation() {
		const { callers } = this.#mesh;
		const names = callers.map(({ name }) => name).join(", ");
		const join = { type: "button", class: "primary", id: "call-join", onclick: () => this.#ask() };
		return [
			icon("phone"),
			element("span", { class: "call-names", dir: "auto" }, `${text("inCall")}: ${names}`),
			element("button", join, text("callJoin", { count: callers.length })),
		];
	}

	#ownButtons() {
		const { callers, media } = this.#mesh;
		const leave = { type: "button", class: "hang-up", id: "call-leave", onclick: () => this.#mesh.leave() };
		return [
			this.#toggle("microphone", media.hasMicrophone, (on) => media.setMicrophone(on)),
			this.#toggle("camera", media.hasCamera, (on) => media.setCamera(on)),
			element("button", leave, icon("hang-up"), text("callLeave")),
			element("span", { class: "call-count" }, `${callers.length + 1} / ${MAX_IN_CALL}`),
		];
	}

	/** @param {"microphone" | "camera"} what @param {boolean} on @param {(on: boolean) => Promise<void> | void} turn */
	#toggle(what, on, turn) {
		const id = `call-${what}`;
		const attributes = { type: "button", id, class: "round", "aria-label": text(what), title: text(what) };
		const button = element("button", { ...attributes, "aria-pressed": String(on) }, icon(on ? what : `${what}-off`));
		button.addEventListener("click", async () => {
			button.disabled = true;
			try {
				await turn(!on);
			} catch (error) {
				this.#uses.notice(deviceProblem(error));
			}
			this.draw();
			document.getElementById(id)?.focus();
		});
		return button;
	}
}

/** Why this page cannot call, or "". */
function obstacle() {
	if (!isSecureContext || !navigator.mediaDevices) return text("callNeedsHttps");
	return "";
}

/** @param {unknown} error What joining, or opening a device, threw. */
function deviceProblem(error) {
	if (!(error instanceof DOMException)) return error instanceof Error ? error.message : String(error);
	if (error.name === "NotFoundError" || error.name === "OverconstrainedError") return text("deviceMissing");
	if (error.name === "NotReadableError" || error.name === "AbortError") return text("deviceBusy");
	return text("callDenied");
}
