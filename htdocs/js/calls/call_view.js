// The call on the page: a tile for each person, one's own buttons, and the question before it starts.

import { byId, element, icon, initial } from "../../functions.js";
import { nameColor } from "../colors.js";
import { openDialog } from "../dialogs.js";
import { text } from "../texts.js";
import { MAX_IN_CALL, QUIET_FROM } from "./mesh.js";

export class CallView {
  #mesh;
  #box = byId("call");
  #tiles = new Map();
  // It scrolls when many talk: also by keyboard.
  #grid = element("div", { class: "call-tiles", tabindex: "0", role: "group", "aria-label": text("callTitle") });
  #bar = element("div", { class: "call-bar" });

  constructor(mesh) {
    this.#mesh = mesh;
    document.head.append(element("link", { rel: "stylesheet", href: "css/calls.css" }));
    this.#box.append(this.#grid, this.#bar);
  }

  draw() {
    const { inCall, callers } = this.#mesh;
    const button = byId("call-button");
    const label = inCall ? text("callLeave") : callers.length ? text("callJoin", { count: callers.length }) : text("callStart");
    button.setAttribute("aria-label", label);
    button.title = label;
    button.setAttribute("aria-pressed", String(inCall));
    this.#box.hidden = !inCall && callers.length === 0;
    this.#drawTiles(inCall ? callers : []);
    this.#drawBar();
  }

  /** Voice, or voice and video; nothing is opened before one is chosen. */
  openDialog() {
    const problem = obstacle();
    return openDialog(text("callTitle"), (close) => {
      const status = element("p", { class: "status bad", role: "alert" }, problem);
      const start = async (withCamera) => {
        status.textContent = "";
        try {
          await this.#mesh.join(withCamera);
          close();
        } catch (error) {
          status.textContent = error instanceof DOMException ? text("callDenied") : error.message;
        }
      };
      const many = this.#mesh.callers.length + 1 >= QUIET_FROM;
      const choice = (name, picture, key, camera, preferred) =>
        element("button", { type: "button", id: name, class: preferred ? "primary" : "", disabled: problem !== "", onclick: () => start(camera) }, icon(picture), text(key));
      return [
        element("p", { class: "hint" }, text("callIntro")),
        status,
        element("div", { class: "form-actions call-choices" },
          choice("call-audio", "microphone", "callAudio", false, many),
          choice("call-video", "camera", "callVideo", true, !many)),
      ];
    });
  }

  #drawTiles(callers) {
    const wanted = new Map(callers.map((other) => [other.page, other]));
    const own = this.#mesh.inCall ? { page: "own", name: this.#mesh.room.you, stream: this.#mesh.media.stream, own: true } : null;
    if (own) wanted.set("own", own);
    for (const [page, tile] of this.#tiles) {
      if (wanted.has(page)) continue;
      tile.remove();
      this.#tiles.delete(page);
    }
    for (const [page, other] of wanted) {
      if (!this.#tiles.has(page)) {
        const tile = makeTile(page === "own");
        this.#tiles.set(page, tile);
        this.#grid.append(tile);
      }
      this.#fill(this.#tiles.get(page), other);
    }
    this.#grid.style.setProperty("--tiles", String(wanted.size));
  }

  #fill(tile, { name, stream, peer, own }) {
    const { room } = this.#mesh;
    const video = tile.querySelector("video");
    if (video.srcObject !== (stream ?? null)) video.srcObject = stream ?? null;
    const showing = Boolean(stream?.getVideoTracks().length);
    tile.dataset.name = name;
    tile.dataset.state = own ? "own" : (peer?.state ?? "new");
    tile.classList.toggle("without-video", !showing);
    const face = tile.querySelector(".avatar");
    face.textContent = initial(name);
    tile.style.setProperty("--name-color", nameColor(name, own ? room.yourColor : room.members.get(name)?.color, [24, 27, 36]));
    const state = own || peer?.state === "connected" ? "" : text(peer?.state === "failed" ? "peerFailed" : "peerConnecting");
    tile.querySelector(".tile-name").textContent = own ? `${name} (${text("you")})` : name;
    tile.querySelector(".tile-state").textContent = state;
  }

  #drawBar() {
    const { inCall, callers, media } = this.#mesh;
    if (!inCall) {
      const names = callers.map(({ name }) => name).join(", ");
      this.#bar.replaceChildren(icon("phone"), element("span", { class: "call-names", dir: "auto" }, `${text("inCall")}: ${names}`),
        element("button", { type: "button", class: "primary", id: "call-join", onclick: () => this.openDialog() }, text("callJoin", { count: callers.length })));
      return;
    }
    const toggle = (id, on, pictures, key, action) => {
      const button = element("button", { type: "button", id, class: "round", "aria-label": text(key), title: text(key), "aria-pressed": String(on), onclick: async () => {
        button.disabled = true;
        try {
          await action(!on);
        } catch {
          this.#mesh.room.events.notice("notice", text("callDenied"));
        }
        this.draw();
        byId(id)?.focus();
      } }, icon(pictures[on ? 0 : 1]));
      return button;
    };
    this.#bar.replaceChildren(
      toggle("call-microphone", media.hasMicrophone, ["microphone", "microphone-off"], "microphone", (on) => media.setMicrophone(on)),
      toggle("call-camera", media.hasCamera, ["camera", "camera-off"], "camera", (on) => media.setCamera(on)),
      element("button", { type: "button", class: "hang-up", id: "call-leave", onclick: () => this.#mesh.leave() }, icon("hang-up"), text("callLeave")),
      element("span", { class: "call-count" }, `${callers.length + 1} / ${MAX_IN_CALL}`),
    );
  }
}

function makeTile(own) {
  const video = element("video", { autoplay: true, playsinline: true, muted: own });
  // The attribute does not mute what is set later; without this one hears oneself.
  video.muted = own;
  return element("div", { class: own ? "tile own" : "tile" }, video, element("span", { class: "avatar", "aria-hidden": "true" }),
    element("div", { class: "tile-foot" }, element("span", { class: "tile-name", dir: "auto" }), element("span", { class: "tile-state", role: "status" })));
}

/** Why this page cannot call, or "". */
function obstacle() {
  if (!("RTCPeerConnection" in globalThis)) return text("callUnsupported");
  if (!isSecureContext || !navigator.mediaDevices) return text("callNeedsHttps");
  return "";
}
