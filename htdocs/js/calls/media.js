// One's own microphone, camera and screen: opened after a click, closed when the call ends. Of camera and screen one is
// seen by the others: each sends one picture.

import { chosenDevice, constraints } from "./devices.js";

export class Media {
	#onChange;
	#onGone;
	stream = new MediaStream();
	/** The picture is the screen's. */
	isScreen = false;
	/** The camera was on before. */
	#hadCamera = false;

	/** @param {() => void} onChange @param {() => void} onGone A device was unplugged, or taken away by the system. */
	constructor(onChange, onGone) {
		this.#onChange = onChange;
		this.#onGone = onGone;
	}

	get tracks() {
		return this.stream.getTracks();
	}

	get hasCamera() {
		return !this.isScreen && this.stream.getVideoTracks().length > 0;
	}

	get hasMicrophone() {
		return this.stream.getAudioTracks().some((track) => track.enabled);
	}

	/**
	 * Opens the microphone, and the camera if wanted, as far as there are any. Throws what the browser throws.
	 * @param {boolean} withCamera
	 * @returns {Promise<"" | "deviceMissing" | "onlyListening">} What to tell the person.
	 */
	async open(withCamera) {
		const devices = await navigator.mediaDevices.enumerateDevices();
		const has = (/** @type {string} */ kind) => devices.some((device) => device.kind === kind);
		const audio = has("audioinput") && constraints("audioinput", VOICE);
		const video = withCamera && has("videoinput") && constraints("videoinput", VIDEO);
		if (!audio && !video) return "onlyListening";
		const found = await navigator.mediaDevices.getUserMedia({ audio, video });
		for (const track of found.getTracks()) this.#add(track);
		return audio && (video || !withCamera) ? "" : "deviceMissing";
	}

	/**
	 * Muting keeps the track: nothing is negotiated, the other side hears silence. One that was unplugged is opened anew.
	 * @param {boolean} on
	 */
	async setMicrophone(on) {
		if (on && this.stream.getAudioTracks().length === 0) {
			const found = await navigator.mediaDevices.getUserMedia({ audio: constraints("audioinput", VOICE) });
			for (const track of found.getTracks()) this.#add(track);
		}
		for (const track of this.stream.getAudioTracks()) track.enabled = on;
		this.#onChange();
	}

	/**
	 * Turning the camera off gives it back to the system, so that its light goes out.
	 * @param {boolean} on
	 */
	async setCamera(on) {
		if (on === this.hasCamera) return;
		const found = on ? await navigator.mediaDevices.getUserMedia({ video: constraints("videoinput", VIDEO) }) : null;
		this.#showPicture(found?.getVideoTracks()[0], false);
	}

	/** Throws what the browser throws, also when the person changes their mind. @param {boolean} on */
	async setScreen(on) {
		if (on === this.isScreen) return;
		if (!on) return this.#endScreen();
		const found = await navigator.mediaDevices.getDisplayMedia({ video: SCREEN, audio: false });
		const [track] = found.getVideoTracks();
		// Letters, not movement.
		track.contentHint = "detail";
		this.#hadCamera = this.hasCamera;
		this.#showPicture(track, true);
	}

	/** The camera that was on before is on again, if it can be had. */
	async #endScreen() {
		this.#showPicture(undefined, false);
		if (!this.#hadCamera) return;
		try {
			await this.setCamera(true);
		} catch {
			this.#onGone();
		}
	}

	/** Another device was chosen: what is on goes on with it. @param {DeviceKind} kind */
	async changed(kind) {
		const isOn = kind === "audioinput" ? this.stream.getAudioTracks().length > 0 : this.hasCamera;
		if (kind === "audiooutput" || !isOn) return;
		const id = chosenDevice(kind);
		const deviceId = id ? { exact: id } : undefined;
		if (kind === "videoinput") {
			const found = await navigator.mediaDevices.getUserMedia({ video: { ...VIDEO, deviceId } });
			this.#showPicture(found.getVideoTracks()[0], false);
			return;
		}
		const wasHeard = this.hasMicrophone;
		const found = await navigator.mediaDevices.getUserMedia({ audio: { ...VOICE, deviceId } });
		for (const track of this.stream.getAudioTracks()) this.#drop(track);
		for (const track of found.getTracks()) this.#add(track);
		for (const track of this.stream.getAudioTracks()) track.enabled = wasHeard;
		this.#onChange();
	}

	close() {
		for (const track of this.tracks) this.#drop(track);
		this.isScreen = false;
	}

	/** @param {MediaStreamTrack | undefined} track None: no picture. @param {boolean} isScreen */
	#showPicture(track, isScreen) {
		for (const old of this.stream.getVideoTracks()) this.#drop(old);
		this.isScreen = isScreen;
		if (track) this.#add(track);
		this.#onChange();
	}

	/** @param {MediaStreamTrack} track */
	#add(track) {
		this.stream.addTrack(track);
		track.addEventListener("ended", () => {
			// The browser's own bar has a button that ends it.
			if (this.isScreen && track.kind === "video") {
				this.#endScreen();
				return;
			}
			this.#drop(track);
			this.#onGone();
			this.#onChange();
		});
	}

	/** @param {MediaStreamTrack} track */
	#drop(track) {
		track.stop();
		this.stream.removeTrack(track);
	}
}

const VOICE = { echoCancellation: true, noiseSuppression: true };

/** Enough for a face in a tile; every other member of the call gets a copy of its own. */
const VIDEO = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 24, max: 30 } };

/** Enough to read by, for five copies of it. */
const SCREEN = { width: { max: 1920 }, height: { max: 1080 }, frameRate: { ideal: 10, max: 15 } };
