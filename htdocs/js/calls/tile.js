// One person of a call: the picture or the initial, the name, and how the connection is.

import { nameColor } from "../colors.js";
import { element } from "../dom.js";
import { initial } from "../initial.js";
import { text } from "../texts.js";

/** Tiles are dark in both themes. */
const BACKDROP = [24, 27, 36];

export class Tile {
	#own;
	#video;
	#face = element("span", { class: "avatar", "aria-hidden": "true" });
	#name = element("span", { class: "tile-name", dir: "auto" });
	#state = element("span", { class: "tile-state", role: "status" });

	/** @param {boolean} own */
	constructor(own) {
		this.#own = own;
		this.#video = element("video", { autoplay: true, playsinline: true, muted: own });
		// The attribute does not mute what is set later; without this one hears oneself.
		this.#video.muted = own;
		const foot = element("div", { class: "tile-foot" }, this.#name, this.#state);
		this.node = element("div", { class: own ? "tile own" : "tile" }, this.#video, this.#face, foot);
	}

	/** @param {Talker} person */
	fill({ name, color, stream, state }) {
		if (this.#video.srcObject !== stream) this.#video.srcObject = stream;
		this.node.dataset.name = name;
		this.node.dataset.state = state;
		this.node.classList.toggle("without-video", !stream?.getVideoTracks().length);
		this.node.style.setProperty("--name-color", nameColor(name, color, BACKDROP));
		this.#face.textContent = initial(name);
		this.#name.textContent = this.#own ? `${name} (${text("you")})` : name;
		const words = state === "failed" ? "peerFailed" : "peerConnecting";
		this.#state.textContent = this.#own || state === "connected" ? "" : text(words);
	}
}
