// One's own microphone and camera: opened after a click, closed when the call ends.

export class Media {
	#onChange;
	#onGone;
	stream = new MediaStream();

	/** @param {() => void} onChange @param {() => void} onGone A device was unplugged, or taken away by the system. */
	constructor(onChange, onGone) {
		this.#onChange = onChange;
		this.#onGone = onGone;
	}

	get tracks() {
		return this.stream.getTracks();
	}

	get hasCamera() {
		return this.stream.getVideoTracks().length > 0;
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
		const audio = has("audioinput") && VOICE;
		const video = withCamera && has("videoinput") && VIDEO;
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
			const found = await navigator.mediaDevices.getUserMedia({ audio: VOICE });
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
		if (on) {
			const found = await navigator.mediaDevices.getUserMedia({ video: VIDEO });
			this.#add(found.getVideoTracks()[0]);
		} else {
			for (const track of this.stream.getVideoTracks()) this.#drop(track);
		}
		this.#onChange();
	}

	close() {
		for (const track of this.tracks) this.#drop(track);
	}

	/** @param {MediaStreamTrack} track */
	#add(track) {
		this.stream.addTrack(track);
		track.addEventListener("ended", () => {
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
