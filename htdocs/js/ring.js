// The sound of a call that comes in: two notes, twice. Made here, so that no file has to be loaded.

/** Hertz, and when in seconds. */
const NOTES = [
	[659, 0],
	[523, 0.2],
	[659, 0.9],
	[523, 1.1],
];
const LENGTH = 0.18;
const VOLUME = 0.15;

/** @type {AudioContext | null} */
let ringing = null;

/** Somebody has answered. */
export function hush() {
	ringing?.close();
	ringing = null;
}

export async function ring() {
	try {
		const context = new AudioContext();
		ringing = context;
		// Browsers keep a page silent that nobody has pressed anything on.
		if (context.state === "suspended") await context.resume();
		for (const [hertz, at] of NOTES) {
			const [note, volume] = [context.createOscillator(), context.createGain()];
			const start = context.currentTime + at;
			note.frequency.value = hertz;
			// Without the slopes it would click.
			volume.gain.setValueAtTime(0, start);
			volume.gain.linearRampToValueAtTime(VOLUME, start + 0.02);
			volume.gain.linearRampToValueAtTime(0, start + LENGTH);
			note.connect(volume).connect(context.destination);
			note.start(start);
			note.stop(start + LENGTH);
			if (at === NOTES[NOTES.length - 1][1]) note.addEventListener("ended", hush);
		}
	} catch {
		// The notice in the conversation says it too.
	}
}
