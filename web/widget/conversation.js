/**
 * The conversation as the customer sees it: what was said, what is on its way, and whether we are connected.
 *
 * A message is kept in the outbox before anything is tried, and leaves it when the server has acknowledged it.
 * Everything is sent under the id that it was kept under, so that trying again never says it twice.
 *
 * @typedef {import("./api.js").Said} Said
 * @typedef {import("./api.js").Session} Session
 * @typedef {import("./api.js").Identity} Identity
 * @typedef {import("./outbox.js").Unsent} Unsent
 */

import { Refusal } from "./api.js";

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 30_000;
const ACK_LIMIT = 20_000;
const PING_EVERY = 25_000;
const NO_AUTH = 4401;
/** What is wrong with the message under way when the socket closes like this: it must not be sent again by itself. */
const REFUSED = new Map([[4400, "malformed"], [1009, "too_large"]]);
const ENDED = new Set(["token_unknown", "session_expired"]);

/** Tells its listeners by `change` events that there is something new to show. */
export class Conversation extends EventTarget {
  /**
   * @param {import("./api.js").Api} api
   * @param {import("./outbox.js").Outbox} outbox
   * @param {Storage | null} storage where the session is kept
   * @param {{identity: Identity, locale: string}} customer
   */
  constructor(api, outbox, storage, customer) {
    super();
    this.api = api;
    this.outbox = outbox;
    this.storage = storage;
    this.customer = customer;
    /** @type {Session | null} */
    this.session = null;
    /** @type {Map<number, Said>} by their place */
    this.said = new Map();
    /** @type {Unsent[]} */
    this.unsent = [];
    /** @type {Map<string, number>} how far the uploads of a message are, from 0 to 1 */
    this.progress = new Map();
    /** @type {string | null} */
    this.trackingNumber = null;
    this.connected = false;
    /** The newest that the server was told of on this connection. */
    this.lastSeen = 0;
    /** @type {WebSocket | null} */
    this.socket = null;
    this.failures = 0;
    this.flushing = false;
    this.opening = false;
    /** @type {ReturnType<typeof setInterval> | undefined} */
    this.pinging = undefined;
    this.stopped = false;
    /** @type {Map<string, (frame: any) => void>} who waits for the answer to a message */
    this.waiting = new Map();
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.again = undefined;
    this.wake = () => this.#now();
  }

  /** Show what was kept and, where there is a session, connect. */
  async start() {
    this.session = this.#kept();
    this.unsent = await this.outbox.all();
    addEventListener("online", this.wake);
    document.addEventListener("visibilitychange", this.wake);
    if (this.session || this.unsent.length) this.#now();
    this.#changed();
  }

  stop() {
    this.stopped = true;
    removeEventListener("online", this.wake);
    document.removeEventListener("visibilitychange", this.wake);
    clearTimeout(this.again);
    this.socket?.close();
  }

  /**
   * Take a message of the customer; when this resolves it survives a reload.
   * @param {string} text
   * @param {File[]} files
   */
  async write(text, files) {
    const enclosed = files.map((file) => ({ name: wellFormed(file.name), type: file.type, content: file }));
    const newest = this.unsent.at(-1)?.written ?? 0;
    const message = { id: uuid(), text: wellFormed(text), files: enclosed, written: Math.max(Date.now(), newest + 1) };
    await this.outbox.put(message);
    this.unsent.push(message);
    this.#changed();
    this.#now();
  }

  /** @param {string} id */
  async retry(id) {
    const message = this.unsent.find((one) => one.id === id);
    if (!message) return;
    delete message.refused;
    await this.outbox.put(message);
    this.#changed();
    this.#now();
  }

  /** @param {string} id */
  async discard(id) {
    this.unsent = this.unsent.filter((one) => one.id !== id);
    await this.outbox.remove(id);
    this.#changed();
  }

  /** Say that the customer has seen everything that is shown, once for each that is new. */
  seen() {
    const last = Math.max(0, ...this.said.keys());
    if (last <= this.lastSeen || !this.connected || document.visibilityState !== "visible") return;
    this.lastSeen = last;
    this.socket?.send(JSON.stringify({ type: "read", seq: last }));
  }

  // -- the connection

  #now() {
    if (this.stopped) return;
    clearTimeout(this.again);
    if (this.connected) void this.#flush();
    else void this.#connect();
  }

  async #connect() {
    if (this.socket || this.opening) return;
    this.opening = true;
    try {
      this.session ??= await this.#open();
    } catch (error) {
      this.#later(error instanceof Refusal ? error.after : 0);
      return;
    } finally {
      this.opening = false;
    }
    const socket = (this.socket = this.api.socket());
    const session = this.session;
    socket.onopen = () =>
      socket.send(JSON.stringify({ type: "auth", token: session.session_token, last_seq: Math.max(0, ...this.said.keys()) }));
    socket.onmessage = (event) => this.#heard(JSON.parse(event.data));
    socket.onclose = (event) => this.#closed(event.code);
  }

  /** @param {any} frame */
  #heard(frame) {
    if (frame.type === "ready") {
      this.connected = true;
      this.failures = 0;
      this.#name(frame.tracking_number);
      this.pinging = setInterval(() => this.socket?.send('{"type":"ping"}'), PING_EVERY);
      void this.#flush();
    } else if (frame.type === "message") {
      this.said.set(frame.seq, frame);
      if (frame.client_msg_id) void this.#arrived(frame.client_msg_id);
    } else if (frame.type === "ack" || frame.type === "error") {
      this.waiting.get(frame.client_msg_id)?.(frame);
    }
    if (frame.type !== "pong") this.#changed();
  }

  /** @param {number} code */
  #closed(code) {
    clearInterval(this.pinging);
    this.socket = null;
    this.connected = false;
    this.lastSeen = 0;
    const refused = REFUSED.get(code);
    for (const answer of this.waiting.values()) answer(refused ? { code: refused, retryable: false } : null);
    if (code === NO_AUTH) {
      this.#forget(); // the session has ended: what is unsent goes into a new one
      if (!this.unsent.length) return this.#changed();
    }
    this.#later(0);
    this.#changed();
  }

  /** @param {number} after seconds that the server asked for */
  #later(after) {
    if (this.stopped) return;
    const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** this.failures++) * (0.5 + Math.random());
    clearTimeout(this.again);
    this.again = setTimeout(() => this.#now(), Math.max(pause, after * 1000));
  }

  // -- sending

  /** Send what is unsent, one after the other, so that it arrives in the order in which it was written. */
  async #flush() {
    if (this.flushing) return;
    this.flushing = true;
    try {
      for (let next; (next = this.unsent.find((one) => !one.refused)) && this.connected; ) {
        await this.#deliver(next);
      }
    } catch (error) {
      if (error instanceof Refusal && ENDED.has(error.code)) {
        this.#forget();
        this.socket?.close();
      }
      this.#later(error instanceof Refusal ? error.after : 0);
    } finally {
      this.flushing = false;
      this.#changed();
    }
  }

  /** @param {Unsent} message */
  async #deliver(message) {
    try {
      await this.#upload(message);
      const done = await this.#say(message);
      this.#name(done.tracking_number);
      this.said.set(done.seq, shown(message, done));
      await this.#arrived(message.id);
    } catch (error) {
      if (!(error instanceof Refusal) || error.retryable || ENDED.has(error.code)) throw error;
      if (error.code === "upload_unknown" && message.files.some((file) => file.upload)) {
        for (const file of message.files) delete file.upload; // they waited too long: once more
      } else {
        message.refused = error.code;
      }
      await this.outbox.put(message);
      this.#changed();
    }
  }

  /** @param {Unsent} message */
  async #upload(message) {
    const session = /** @type {Session} */ (this.session);
    for (const [index, file] of message.files.entries()) {
      if (file.upload) continue;
      file.upload = await this.api.upload(session, file, (part) => {
        this.progress.set(message.id, (index + part) / message.files.length);
        this.#changed();
      });
      await this.outbox.put(message);
    }
    this.progress.delete(message.id);
  }

  /**
   * @param {Unsent} message
   * @returns {Promise<any>} the acknowledgement
   */
  #say(message) {
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => this.socket?.close(), ACK_LIMIT);
      this.waiting.set(message.id, (frame) => {
        clearTimeout(limit);
        this.waiting.delete(message.id);
        if (frame?.type === "ack") resolve(frame);
        else reject(frame ? new Refusal(frame.code, frame.retryable, frame.retry_after ?? 0) : new Refusal("offline", true));
      });
      const attachments = message.files.map((file) => ({ upload_id: file.upload }));
      const sent_at = new Date(message.written).toISOString();
      this.socket?.send(JSON.stringify({ type: "message", client_msg_id: message.id, text: message.text, attachments, sent_at }));
    });
  }

  /** @param {string} id of a message that the server has */
  async #arrived(id) {
    if (!this.unsent.some((one) => one.id === id)) return;
    this.unsent = this.unsent.filter((one) => one.id !== id);
    await this.outbox.remove(id);
    this.#changed();
  }

  // -- the session

  async #open() {
    const continues = this.storage?.getItem(this.#place("before")) ?? undefined;
    const session = await this.api.open({
      identity: this.customer.identity,
      locale: this.customer.locale,
      page_url: location.href.slice(0, 2000),
      ...(continues && { continues }),
    });
    this.storage?.setItem(this.#place("session"), JSON.stringify({ ...session, of: this.#who() }));
    this.storage?.removeItem(this.#place("before"));
    this.said.clear();
    return session;
  }

  /** @returns {Session | null} the session of the last visit, unless somebody else has signed in since */
  #kept() {
    const text = this.storage?.getItem(this.#place("session"));
    if (!text) return null;
    const { of, ...session } = JSON.parse(text);
    if (of === this.#who()) return session;
    // What an anonymous customer said goes on under their name; what another customer said does not.
    if (of === "") this.storage?.setItem(this.#place("before"), session.session_token);
    this.storage?.removeItem(this.#place("session"));
    return null;
  }

  #forget() {
    this.session = null;
    this.said.clear();
    this.trackingNumber = null;
    this.storage?.removeItem(this.#place("session"));
  }

  /** @param {string} what */
  #place(what) {
    return `fanin-chat:${this.api.server.origin}:${this.api.key}:${what}`;
  }

  /** Who is signed in; a new token for the same customer is the same customer. */
  #who() {
    const { user_id, jwt } = this.customer.identity;
    return user_id ?? (jwt ? String(subject(jwt)) : "");
  }

  /** @param {string | null} number */
  #name(number) {
    if (!number || number === this.trackingNumber) return;
    this.trackingNumber = number;
    this.dispatchEvent(new CustomEvent("tracking", { detail: number }));
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}

/**
 * @param {Unsent} message
 * @param {any} done
 * @returns {Said} what was sent, as the server would tell it
 */
function shown(message, done) {
  const attachments = message.files.map((file, index) => ({
    id: `${done.message_id}:${index}`,
    filename: file.name,
    media_type: file.type,
    size: file.content.size,
    content: file.content,
  }));
  const { message_id, seq, received_at: at } = done;
  return { message_id, seq, author: "customer", name: "", text: message.text, at, client_msg_id: message.id, attachments };
}

/** @param {string} token @returns {unknown} whom a JWT names; not verified, for telling customers apart alone */
function subject(token) {
  try {
    const body = token.split(".")[1] ?? "";
    return JSON.parse(atob(body.replaceAll("-", "+").replaceAll("_", "/"))).sub ?? token;
  } catch {
    return token;
  }
}

/** The text without halves of characters, which no server could read.  @param {string} text */
function wellFormed(text) {
  return text.replace(/\p{Surrogate}/gu, "\ufffd");
}

/** @returns {string} a random UUID; `crypto.randomUUID` is there on https alone */
function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
