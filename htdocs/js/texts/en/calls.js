// English words of calls.

export default {
	callListen: "Just listen",
	speaks: "speaks",
	enlarge: "{name}: large",
	screen: "Share the screen",
	screenOf: "{name}: screen",
	callDeclined: "{name} does not answer this call.",

	// A call comes in
	incomingCall: "A call comes in",
	callsYou: "{name} calls you.",
	answerVoice: "Answer",
	answerVideo: "With camera",
	decline: "Decline",

	// Devices
	devices: "Devices",
	loudspeaker: "Loudspeaker",
	deviceOfSystem: "As the system says",
	devicesLater: "Which devices there are is known once one of them has been opened.",
	loudspeakerBySystem: "This browser plays where the system says; the loudspeaker is chosen there.",

	// Why not, and the way out
	callNoDevices: "This browser gives pages no camera and microphone. You can listen.",
	cameraMissing: "There is no camera on this device. Plug one in, or call by voice.",
	deviceChosenGone: "The chosen device is not here any more. Choose another one.",
	deviceSwitchedOff: "Camera and microphone are switched off for all pages, in the browser or the system.",
	deviceByPolicy:
		"This site's policy lets the page use no such device. Its administrator can change that; open the " +
		"chat in a tab of its own if it is part of another page.",
	deviceBySystem:
		"The system keeps the browser from the device. Allow it in the system's settings for privacy, then try again.",
	deviceBlocked:
		"The browser blocks camera or microphone for this site. Allow them at the left end of the address " +
		"bar, then try again.",
	deviceNotAllowed: "Nothing was allowed. Try again and choose Allow, or just listen.",
	deviceUnknown: "The device could not be opened. Try again, or with another one",
	screenCanceled: "No screen is shared. Press the button again and choose a screen or a window.",
	screenBySystem:
		"The system lets the browser record no screen. Allow it in the system's settings for privacy, then " +
		"restart the browser.",
};
