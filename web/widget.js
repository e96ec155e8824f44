/**
 * `<fanin-chat app="…">`: the chat with support, for any page.
 *
 * Attributes: `app` (the publishable key), `lang` (else the browser's languages decide), `open`,
 * and who the customer is: `jwt`, or `user-id` with `user-hash`; `name`, `email`.
 * Event `fanin-tracking`: the case has a number (`detail`).
 */

import { Api } from "./widget/api.js";
import { Conversation } from "./widget/conversation.js";
import { Outbox } from "./widget/outbox.js";
import { STYLE } from "./widget/style.js";
import { choose, TEXTS } from "./widget/texts.js";
import { View } from "./widget/view.js";

const SERVER = new URL(".", import.meta.url);

class FaninChat extends HTMLElement {
  static observedAttributes = ["open"];

  constructor() {
    super();
    this.root = this.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    this.root.adoptedStyleSheets = [sheet];
    /** @type {Conversation | undefined} */
    this.conversation = undefined;
    /** @type {View | undefined} */
    this.view = undefined;
    /** @type {HTMLButtonElement | undefined} */
    this.launch = undefined;
  }

  connectedCallback() {
    void this.#begin();
  }

  disconnectedCallback() {
    this.conversation?.stop();
    this.view?.end();
    this.launch?.remove();
    this.conversation = this.view = undefined;
  }

  /** @param {string} _name @param {string | null} before @param {string | null} now */
  attributeChangedCallback(_name, before, now) {
    if (this.view && (before === null) !== (now === null)) this.#toggle(now !== null);
  }

  async #begin() {
    const key = this.getAttribute("app") ?? "";
    const given = this.getAttribute("lang");
    const language = choose(given ? [given] : navigator.languages);
    this.setAttribute("lang", language);
    const outbox = await Outbox.open(`fanin-chat:${SERVER.origin}:${key}`);
    if (!this.isConnected || this.conversation) return;
    const customer = { identity: this.#identity(), locale: navigator.language };
    const conversation = new Conversation(new Api(SERVER, key), outbox, storage(), customer);
    this.conversation = conversation;
    conversation.addEventListener("tracking", (event) => {
      const detail = /** @type {CustomEvent<string>} */ (event).detail;
      this.dispatchEvent(new CustomEvent("fanin-tracking", { detail, bubbles: true, composed: true }));
    });
    const texts = /** @type {import("./widget/texts.js").Texts} */ (TEXTS[language]);
    this.launch = document.createElement("button");
    this.launch.className = "launch";
    this.launch.textContent = texts.open;
    this.launch.addEventListener("click", () => this.setAttribute("open", ""));
    this.root.append(this.launch);
    this.view = new View(this.root, conversation, texts, () => this.removeAttribute("open"));
    this.#toggle(this.hasAttribute("open"), false);
    await conversation.start();
  }

  /** @param {boolean} open @param {boolean} moves whether the focus goes along */
  #toggle(open, moves = true) {
    if (!this.view || !this.launch) return;
    this.view.panel.hidden = !open;
    this.launch.hidden = open;
    if (open) this.view.show();
    if (moves) (open ? this.view : this.launch).focus();
  }

  #identity() {
    const names = { jwt: "jwt", user_id: "user-id", user_hash: "user-hash", name: "name", email: "email" };
    const given = Object.entries(names).map(([key, name]) => [key, this.getAttribute(name)]);
    return Object.fromEntries(given.filter(([, value]) => value));
  }
}

/** @returns {Storage | null} null where the browser keeps nothing for this page */
function storage() {
  try {
    return localStorage;
  } catch {
    return null;
  }
}

if (!customElements.get("fanin-chat")) customElements.define("fanin-chat", FaninChat);
