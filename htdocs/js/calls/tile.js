// One person of a call: the picture or the initial, the name, who speaks, and how the connection is. A press makes it
// large, another one small again.

import { nameColor } from "../colors.js";
import { element, hiddenWords, icon } from "../dom.js";
import { initial } from "../initial.js";
import { text } from "../texts.js";
import { playTo } from "./devices.js";

/** Tiles are dark in both themes. */
const BACKDROP = [24, 27, 36];

export class Tile {
	#own;
	#video;
	#face = element("span", { class: "avatar", "aria-hidden": "true" });
	#name = element("span", { class: "tile-name", dir: "auto" });
	#state = element("span", { class: "tile-state", role: "status" });
	#speaks = element("span", { class: "tile-speaks", hidden: true }, icon("microphone", "calls"));
	#size;

	/** @param {boolean} own @param {() => void} resize */
	constructor(own, resize) {
		this.#own = own;
		this.#video = element("video", { autoplay: true, playsinline: true, muted: own });
		// The attribute does not mute what is set later; without this one hears oneself.
		this.#video.muted = own;
		if (!own) playTo(this.#video);
		this.#speaks.append(hiddenWords(text("speaks")));
		this.#size = element("button", { type: "button", class: "tile-size", onclick: resize });
		const foot = element("div", { class: "tile-foot" }, this.#speaks, this.#name, this.#state);
		this.node = element("div", { class: own ? "tile own" : "tile" }, this.#video, this.#face, foot, this.#size);
	}

	/** @param {Talker} person */
	fill({ name, color, stream, state, isScreen, isLarge }) {
		if (this.#video.srcObject !== stream) this.#video.srcObject = stream;
		const { node } = this;
		node.dataset.name = name;
		node.dataset.state = state;
		node.classList.toggle("without-video", !stream?.getVideoTracks().length);
		node.classList.toggle("screen", isScreen);
		node.classList.toggle("large", isLarge);
		node.style.setProperty("--name-color", nameColor(name, color, BACKDROP));
		this.#face.textContent = initial(name);
		const shown = this.#own ? `${name} (${text("you")})` : name;
		this.#name.textContent = isScreen ? text("screenOf", { name: shown }) : shown;
		const words = state === "failed" ? "peerFailed" : "peerConnecting";
		this.#state.textContent = this.#own || state === "connected" ? "" : text(words);
		const label = text("enlarge", { name });
		Object.assign(this.#size, { ariaLabel: label, title: label, ariaPressed: String(isLarge) });
	}

	/** @param {boolean} speaks */
	set speaks(speaks) {
		this.node.classList.toggle("speaking", speaks);
		this.#speaks.hidden = !speaks;
	}

	/** Another loudspeaker was chosen. */
	play() {
		if (!this.#own) playTo(this.#video);
	}
}
