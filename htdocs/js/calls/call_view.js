// The call on the page: the tiles, one's own buttons, and the invitation to a call of others.

import { byId, element, icon, loadStyle } from "../dom.js";
import { loadTexts, text } from "../texts.js";
import { MAX_IN_CALL } from "./limits.js";
import { reasonOf } from "./reasons.js";
import { Tiles } from "./tiles.js";

await Promise.all([loadTexts("dialogs"), loadTexts("calls")]);

const CAN_SHARE = "getDisplayMedia" in (navigator.mediaDevices ?? {});

export class CallView {
	#mesh;
	#uses;
	#tiles;
	#box = element("section", { class: "call", "aria-label": text("callTitle"), hidden: true });
	#bar = element("div", { class: "call-bar" });
	#isShown = false;

	/** @param {Mesh} mesh @param {CallUses} uses */
	constructor(mesh, uses) {
		this.#mesh = mesh;
		this.#uses = uses;
		this.#tiles = new Tiles(mesh, uses);
		loadStyle("css/calls.css");
		this.#box.append(this.#tiles.node, this.#bar);
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
		this.#tiles.draw(this.#isShown);
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
		const focused = document.activeElement?.id ?? "";
		this.#bar.replaceChildren(...(inCall ? this.#ownButtons() : this.#invitation()));
		if (focused.startsWith("call-")) document.getElementById(focused)?.focus();
	}

	async #ask(said = "") {
		const { askToJoin } = await import("./join_dialog.js");
		askToJoin(this.#mesh, said);
	}

	/** Answers a call; where that cannot be, the question says why. @param {JoinBy} by */
	async join(by) {
		try {
			await this.#mesh.join(by);
		} catch (error) {
			this.#ask(await reasonOf(error));
		}
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
		const buttons = [
			this.#toggle("microphone", media.hasMicrophone, (on) => media.setMicrophone(on)),
			this.#toggle("camera", media.hasCamera, (on) => media.setCamera(on)),
		];
		if (CAN_SHARE) buttons.push(this.#toggle("screen", media.isScreen, (on) => media.setScreen(on)));
		return [
			...buttons,
			this.#deviceButton(),
			element("button", leave, icon("hang-up", "calls"), text("callLeave")),
			element("span", { class: "call-count" }, `${callers.length + 1} / ${MAX_IN_CALL}`),
		];
	}

	#deviceButton() {
		const label = text("devices");
		const onclick = async () => {
			const { openDevices } = await import("./device_choice.js");
			openDevices(this.#mesh.media, () => this.#tiles.play());
		};
		const attributes = {
			type: "button",
			id: "call-devices",
			class: "round",
			"aria-label": label,
			title: label,
			onclick,
		};
		return element("button", attributes, icon("settings"));
	}

	/**
	 * @param {"microphone" | "camera" | "screen"} what
	 * @param {boolean} on
	 * @param {(on: boolean) => Promise<void>} turn
	 */
	#toggle(what, on, turn) {
		const id = `call-${what}`;
		const attributes = { type: "button", id, class: "round", "aria-label": text(what), title: text(what) };
		const picture = on || what === "screen" ? what : `${what}-off`;
		const button = element("button", { ...attributes, "aria-pressed": String(on) }, icon(picture, "calls"));
		button.addEventListener("click", async () => {
			button.disabled = true;
			try {
				await turn(!on);
			} catch (error) {
				this.#uses.notice(await reasonOf(error, what === "screen" ? "display-capture" : what));
			}
			this.draw();
			document.getElementById(id)?.focus();
		});
		return button;
	}
}
