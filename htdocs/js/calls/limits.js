/** People in one call: each sends its picture to each of the others. */
export const MAX_IN_CALL = 6;
/** From this many people on a call starts without camera. */
export const QUIET_FROM = 5;
/** Data channels kept for live typing; the others are told over the socket. */
export const MAX_LIVE = 5;
/** Other pages remembered. */
export const MAX_OTHERS = 200;
