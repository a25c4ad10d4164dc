export class Calls {
  constructor() {}
  welcomed() {}
  joined() {}
  left() {}
  renamed() {}
  signaled() {}
  tellLive() { return new Set(); }
  updateLive() {}
}
