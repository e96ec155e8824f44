/**
 * The chat API of fanin (docs/chat-api.md), as the widget uses it.
 *
 * @typedef {{max_text: number, max_file: number, max_files: number, media_types: string[]}} Limits
 * @typedef {{session_id: string, session_token: string, tracking_number: string | null, limits: Limits}} Session
 * @typedef {{user_id?: string, user_hash?: string, jwt?: string, name?: string, email?: string}} Identity
 * @typedef {{id: string, filename: string, media_type: string, size: number}} Attachment
 * @typedef {{message_id: string, seq: number, author: "customer" | "agent" | "system", name: string, text: string,
 *   at: string, client_msg_id: string | null, attachments: Attachment[]}} Said
 */

/** What went wrong with a request; `retryable` says whether the same request may succeed later. */
export class Refusal extends Error {
  /**
   * @param {string} code what a program decides by; `offline` where there was no answer
   * @param {boolean} retryable
   * @param {number} after seconds to wait before the next try, 0 where nobody said
   */
  constructor(code, retryable, after = 0) {
    super(code);
    this.code = code;
    this.retryable = retryable;
    this.after = after;
  }
}

const RETRYABLE = new Set([408, 425, 429, 500, 502, 503, 504]);

/** Calls the API of one server in the name of one app. */
export class Api {
  /**
   * @param {URL} server
   * @param {string} key the app's publishable key
   */
  constructor(server, key) {
    this.server = server;
    this.key = key;
  }

  /**
   * Open a session.
   * @param {{identity?: Identity, locale: string, page_url: string, continues?: string}} wanted
   * @returns {Promise<Session>}
   */
  async open(wanted) {
    const answer = await this.#fetch("/v1/chat/sessions", {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Intake-Key": this.key },
      body: JSON.stringify({ channel: "web", ...wanted }),
    });
    return answer.json();
  }

  /**
   * A file of the conversation.
   * @param {Session} session
   * @param {number} seq
   * @param {string} id
   */
  async file(session, seq, id) {
    const path = `/v1/chat/sessions/${session.session_id}/messages/${seq}/attachments/${encodeURIComponent(id)}`;
    const answer = await this.#fetch(path, { headers: { Authorization: `Bearer ${session.session_token}` } });
    return answer.blob();
  }

  /**
   * Upload a file for a message.  XMLHttpRequest, because fetch does not tell how far an upload is.
   * @param {Session} session
   * @param {{name: string, type: string, content: Blob}} file
   * @param {(part: number) => void} progress from 0 to 1
   * @returns {Promise<string>} the upload's id
   */
  upload(session, file, progress) {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open("POST", new URL(`/v1/chat/uploads?filename=${encodeURIComponent(file.name)}`, this.server));
      request.setRequestHeader("Authorization", `Bearer ${session.session_token}`);
      request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
      request.timeout = 10 * 60 * 1000;
      request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
      request.onerror = request.ontimeout = () => reject(new Refusal("offline", true));
      request.onload = () => {
        const body = parsed(request.responseText);
        if (request.status === 201 && typeof body.upload_id === "string") {
          resolve(body.upload_id);
        } else {
          const after = Number(request.getResponseHeader("Retry-After")) || 0;
          reject(new Refusal(String(body.code ?? request.status), RETRYABLE.has(request.status), after));
        }
      };
      request.send(file.content);
    });
  }

  /** @returns {WebSocket} a socket of which the first frame must be `auth` */
  socket() {
    const address = new URL("/v1/chat/ws", this.server);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    return new WebSocket(address);
  }

  /**
   * @param {string} path
   * @param {RequestInit} init
   */
  async #fetch(path, init) {
    /** @type {Response} */
    let answer;
    try {
      answer = await fetch(new URL(path, this.server), {
        ...init,
        credentials: "omit",
        signal: AbortSignal.timeout(60_000),
      });
    } catch {
      throw new Refusal("offline", true);
    }
    if (!answer.ok) {
      const code = String(parsed(await answer.text()).code ?? answer.status);
      throw new Refusal(code, RETRYABLE.has(answer.status), Number(answer.headers.get("Retry-After")) || 0);
    }
    return answer;
  }
}

/**
 * @param {string} text
 * @returns {Record<string, unknown>} the JSON object; empty where it is none, such as a proxy's error page
 */
function parsed(text) {
  try {
    const value = JSON.parse(text);
    return value && typeof value === "object" ? value : {};
  } catch {
    return {};
  }
}
