"use strict";
// The page of --terminal. Terminal and FitAddon are xterm.js's, LingeringSocket is htdocs/js/linger.js; build.rs puts them
// before this.

// Bytes that came and are not drawn yet: above the first the program waits, below the second it goes on.
const MAX_WAITING = 1 << 20, MIN_WAITING = 1 << 17;
// Bytes of one message of keys: a paste may be larger than the daemon takes at once (--maxframesize).
const MAX_MESSAGE = 1 << 15;

const state = document.getElementById("state");
const terminal = new Terminal({
  cursorBlink: true,
  scrollback: 10000,
  fontFamily: "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace",
});
const fit = new FitAddon();
// With --linger the daemon marks the page: the program outlives the connection.
const Socket = "linger" in document.documentElement.dataset ? LingeringSocket : WebSocket;
const encoder = new TextEncoder();
let socket = null;
let waiting = 0, isPaused = false;

function say(text) {
  state.textContent = text;
  state.hidden = text === "";
}

function control(message) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}

function type(bytes) {
  if (socket?.readyState !== WebSocket.OPEN) return;
  for (let at = 0; at < bytes.length; at += MAX_MESSAGE) socket.send(bytes.subarray(at, at + MAX_MESSAGE));
}

// A program can be faster than the browser draws.
function show(bytes) {
  waiting += bytes.length;
  if (waiting > MAX_WAITING && !isPaused) control({ pause: isPaused = true });
  terminal.write(bytes, () => {
    waiting -= bytes.length;
    if (waiting < MIN_WAITING && isPaused) control({ pause: isPaused = false });
  });
}

// With --readonly the daemon says so first. Enter connects again all the same.
function look(isOnly) {
  terminal.options.disableStdin = isOnly;
  terminal.options.cursorBlink = !isOnly;
  say(isOnly ? "View only: keys are not taken." : "");
}

function connect() {
  // Before the size is read: the bar takes room.
  look(false);
  fit.fit();
  const url = new URL(location.href.replace(/#.*$/, "").replace(/^http/, "ws"));
  url.search += `${url.search ? "&" : "?"}cols=${terminal.cols}&rows=${terminal.rows}`;
  isPaused = false;
  socket = new Socket(url);
  socket.binaryType = "arraybuffer";
  socket.onopen = () => {
    // Again: the window may have changed since.
    control({ resize: [terminal.cols, terminal.rows] });
    terminal.focus();
  };
  socket.onmessage = (event) => {
    if (typeof event.data !== "string") show(new Uint8Array(event.data));
    else if (JSON.parse(event.data).readonly) look(true);
  };
  socket.addEventListener("away", () => say("No connection. What runs here goes on, and what you type is kept."));
  socket.addEventListener("back", () => say(""));
  socket.addEventListener("lost", () => {
    terminal.reset();
    isPaused = false;
    control({ resize: [terminal.cols, terminal.rows] });
    terminal.write("\x1b[7mThe program was lost with its connection; this is a new one.\x1b[m\r\n");
  });
  socket.onclose = (event) => {
    socket = null;
    look(false);
    const why = event.reason || (event.code === 1000 ? "" : `code ${event.code}`);
    say(`${event.code === 1000 ? "Ended" : "Connection closed"}${why && `: ${why}`}. Enter connects again.`);
  };
}

terminal.loadAddon(fit);
terminal.open(document.getElementById("terminal"));
new ResizeObserver(() => fit.fit()).observe(document.getElementById("terminal"));
terminal.onResize(({ cols, rows }) => control({ resize: [cols, rows] }));
terminal.onTitleChange((title) => { document.title = title; });
terminal.onData((keys) => {
  if (socket) return type(encoder.encode(keys));
  if (keys === "\r") {
    terminal.reset();
    connect();
  }
});
// Mouse reports that are no text.
terminal.onBinary((keys) => type(Uint8Array.from(keys, (key) => key.charCodeAt(0))));
// A shell is not to end by a slip: browsers close a page on keys that editors use, such as Ctrl-W.
addEventListener("beforeunload", (event) => { if (socket) event.preventDefault(); });
connect();
