/**
 * What the customer sees.  Texts are only ever set as text, never parsed as HTML, whoever wrote them.
 *
 * @typedef {import("./conversation.js").Conversation} Conversation
 * @typedef {import("./api.js").Said} Said
 * @typedef {import("./outbox.js").Unsent} Unsent
 * @typedef {{id: string, filename: string, media_type: string, content?: Blob}} Shown
 */

import { looksSecret } from "./secrets.js";
import { filled } from "./texts.js";

const PICTURES = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"]);
const LIMITS = { max_text: 10_000, max_file: 25 * 1024 * 1024, max_files: 10, media_types: [] };

/** The panel of one conversation, in the shadow tree of the element. */
export class View {
  /**
   * @param {ShadowRoot} root
   * @param {Conversation} conversation
   * @param {import("./texts.js").Texts} texts
   * @param {() => void} close
   */
  constructor(root, conversation, texts, close) {
    this.conversation = conversation;
    this.texts = texts;
    /** @type {File[]} */
    this.chosen = [];
    /** @type {Map<string, HTMLLIElement>} the lines of the log, by what they show */
    this.lines = new Map();
    /** @type {Map<string, string>} addresses of files in this page */
    this.urls = new Map();
    const t = texts;
    this.number = el("output", { id: "number" });
    this.copy = el("button", { type: "button", text: t.copy, click: () => this.#copy() });
    this.case = el("div", { class: "number", hidden: true }, el("label", { for: "number", text: t.number }), this.number, this.copy);
    this.state = el("p", { class: "state", role: "status", hidden: true, text: t.offline });
    this.list = el("ol", {}, el("li", {}, el("div", { class: "bubble", text: t.hello })));
    this.log = el("div", { class: "log", role: "log", tabindex: "0", "aria-label": t.title }, this.list);
    this.text = el("textarea", { rows: "1", "aria-label": t.message, placeholder: t.placeholder });
    this.picker = el("input", { type: "file", multiple: true, hidden: true, tabindex: "-1", "aria-hidden": "true" });
    this.files = el("ul", { class: "chosen", hidden: true });
    this.notice = el("p", { class: "notice", role: "alert", hidden: true });
    this.form = el("form", {}, this.notice, this.files,
      el("div", { class: "row" },
        el("button", { type: "button", "aria-label": t.attach, title: t.attach, class: "attach", text: "+", click: () => this.picker.click() }),
        this.text, this.picker, el("button", { class: "send", type: "submit", text: t.send })));
    this.panel = el("section", { class: "panel", role: "dialog", "aria-label": t.title },
      el("header", {}, el("h2", { text: t.title }), el("button", { type: "button", "aria-label": t.close, text: "✕", click: close })),
      this.case, this.state, this.log, this.form);
    root.append(this.panel);
    this.#listen(close);
    this.changed = () => this.show();
    conversation.addEventListener("change", this.changed);
    this.show();
  }

  /** Give back what the page holds. */
  end() {
    this.conversation.removeEventListener("change", this.changed);
    for (const url of this.urls.values()) URL.revokeObjectURL(url);
    this.panel.remove();
  }

  focus() {
    this.text.focus();
  }

  /** Show the conversation as it is now; lines that are there already stay, so that nothing is read out twice. */
  show() {
    const { conversation } = this;
    const atEnd = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 80;
    const said = [...conversation.said.values()].sort((one, other) => one.seq - other.seq);
    const known = new Set(said.map((one) => one.client_msg_id));
    const unsent = conversation.unsent.filter((one) => !known.has(one.id));
    const keys = [...said.map((one) => one.client_msg_id ?? one.message_id), ...unsent.map((one) => one.id)];
    for (const one of said) this.#line(one.client_msg_id ?? one.message_id, one.author, (line) => this.#said(line, one));
    for (const one of unsent) this.#line(one.id, "customer", (line) => this.#unsent(line, one));
    for (const [key, line] of this.lines) if (!keys.includes(key)) (line.remove(), this.lines.delete(key));
    keys.forEach((key, place) => {
      const line = /** @type {HTMLLIElement} */ (this.lines.get(key));
      if (this.list.children[place + 1] !== line) this.list.insertBefore(line, this.list.children[place + 1] ?? null);
    });
    this.case.hidden = !conversation.trackingNumber;
    if (this.number.value !== conversation.trackingNumber) this.number.value = conversation.trackingNumber ?? "";
    this.state.hidden = conversation.connected || !(conversation.session || unsent.length) || conversation.failures < 2;
    if (atEnd) this.log.scrollTop = this.log.scrollHeight;
    if (this.panel.checkVisibility?.() ?? true) conversation.seen();
  }

  // -- lines of the log

  /** @param {string} key @param {string} author @param {(line: HTMLLIElement) => void} fill */
  #line(key, author, fill) {
    let line = this.lines.get(key);
    if (!line) this.lines.set(key, (line = el("li", { class: author })));
    fill(line);
  }

  /** @param {HTMLLIElement} line @param {Said} one */
  #said(line, one) {
    if (line.dataset.fate === "stored") return;
    line.dataset.fate = "stored";
    line.classList.remove("failed");
    const time = new Date(one.at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    const t = this.texts;
    const who = { customer: t.you, agent: one.name || t.agent, system: t.system }[one.author];
    const fate = one.author === "customer" ? `${t.stored} · ${time}` : time;
    line.replaceChildren(
      el("span", { class: one.author === "customer" ? "hidden" : "who", text: who }),
      this.#bubble(one.text, one.attachments, one.seq),
      el("span", { class: "fate", text: fate }),
    );
  }

  /** @param {HTMLLIElement} line @param {Unsent} one */
  #unsent(line, one) {
    const part = this.conversation.progress.get(one.id);
    const fate = one.refused ? "failed" : this.conversation.connected ? "sending" : "waiting";
    line.classList.toggle("failed", fate === "failed");
    const bar = line.querySelector("progress");
    if (line.dataset.fate === fate && Boolean(bar) === (part !== undefined)) {
      if (bar && part !== undefined) bar.value = part;
      return;
    }
    line.dataset.fate = fate;
    const t = this.texts;
    const said = el("span", { class: "fate", text: t[fate] });
    if (part !== undefined) said.append(" ", el("progress", { max: "1", value: String(part), "aria-label": t.sending }));
    if (fate === "failed") {
      said.title = `${t.refused} (${one.refused})`;
      said.append(" ", el("button", { type: "button", text: t.retry, click: () => this.conversation.retry(one.id) }),
        el("button", { type: "button", text: t.discard, click: () => this.conversation.discard(one.id) }));
    }
    const files = one.files.map((file, index) => ({ id: `${one.id}:${index}`, filename: file.name, media_type: file.type, content: file.content }));
    line.replaceChildren(el("span", { class: "hidden", text: t.you }), this.#bubble(one.text, files, 0), said);
  }

  /** @param {string} text @param {Shown[]} files @param {number} seq */
  #bubble(text, files, seq) {
    const bubble = el("div", { class: "bubble", text });
    if (files.length) bubble.append(el("div", { class: "files" }, ...files.map((file) => this.#file(file, seq))));
    return bubble;
  }

  /** A picture, or a button that saves the file.  @param {Shown} file @param {number} seq */
  #file(file, seq) {
    const save = el("button", {
      type: "button", text: file.filename, "aria-label": filled(this.texts.download, { name: file.filename }),
      click: async () => {
        const link = el("a", { href: await this.#url(file, seq), download: file.filename });
        link.click();
      },
    });
    if (!PICTURES.has(file.media_type)) return save;
    const frame = el("span", {}, save);
    this.#url(file, seq).then(
      (url) => frame.replaceChildren(el("img", { src: url, alt: file.filename })),
      () => undefined, // the name stays, and saving it can be tried
    );
    return frame;
  }

  /** @param {Shown} file @param {number} seq @returns {Promise<string>} */
  async #url(file, seq) {
    const known = this.urls.get(file.id);
    if (known) return known;
    const { session, api } = this.conversation;
    if (!file.content && !session) throw new Error("no session");
    const content = file.content ?? (await api.file(/** @type {any} */ (session), seq, file.id));
    const url = URL.createObjectURL(content);
    this.urls.set(file.id, url);
    return url;
  }

  // -- writing

  /** @param {() => void} close */
  #listen(close) {
    this.form.addEventListener("submit", (event) => (event.preventDefault(), void this.#submit()));
    this.text.addEventListener("keydown", (event) => {
      // Enter also ends the composition of a Chinese, Japanese or Korean word: that one does not send.
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229) {
        event.preventDefault();
        this.form.requestSubmit();
      }
    });
    this.panel.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.isComposing) (event.stopPropagation(), this.veil ? this.#unveil() : close());
    });
    this.picker.addEventListener("change", () => (this.#choose(this.picker.files), (this.picker.value = "")));
    this.text.addEventListener("paste", (event) => {
      const files = event.clipboardData?.files;
      if (files?.length) (event.preventDefault(), this.#choose(files));
    });
    this.panel.addEventListener("dragover", (event) => (event.preventDefault(), this.form.classList.add("over")));
    this.panel.addEventListener("dragleave", () => this.form.classList.remove("over"));
    this.panel.addEventListener("drop", (event) => {
      event.preventDefault();
      this.form.classList.remove("over");
      this.#choose(event.dataTransfer?.files);
    });
  }

  /** @param {FileList | null | undefined} files */
  #choose(files) {
    const limits = this.conversation.session?.limits ?? LIMITS;
    this.#notice("");
    for (const file of files ?? []) {
      if (file.size > limits.max_file) {
        this.#notice(filled(this.texts.tooBig, { name: file.name, size: `${Math.floor(limits.max_file / 2 ** 20)} MiB` }));
      } else if (this.chosen.length >= limits.max_files) {
        this.#notice(filled(this.texts.tooMany, { count: limits.max_files }));
      } else {
        this.chosen.push(file);
      }
    }
    this.#showChosen();
    this.text.focus();
  }

  #showChosen() {
    this.files.hidden = !this.chosen.length;
    this.files.replaceChildren(...this.chosen.map((file) => {
      const remove = () => ((this.chosen = this.chosen.filter((one) => one !== file)), this.#showChosen(), this.text.focus());
      return el("li", {}, el("span", { text: file.name }),
        el("button", { type: "button", "aria-label": filled(this.texts.remove, { name: file.name }), text: "✕", click: remove }));
    }));
  }

  /** @param {boolean} insists that a text which looks like a secret is sent */
  async #submit(insists = false) {
    const text = this.text.value.trim();
    const most = this.conversation.session?.limits.max_text ?? LIMITS.max_text;
    if (!text && !this.chosen.length) return;
    if ([...text].length > most) return this.#notice(filled(this.texts.tooLong, { count: most }));
    if (!insists && looksSecret(text)) return this.#warn();
    const files = this.chosen;
    this.text.value = "";
    this.chosen = [];
    this.#showChosen();
    this.#notice("");
    await this.conversation.write(text, files);
    this.log.scrollTop = this.log.scrollHeight;
    this.text.focus();
  }

  /** Ask before a secret leaves the device. */
  #warn() {
    const t = this.texts;
    const edit = el("button", { class: "edit", type: "button", text: t.edit, click: () => this.#unveil() });
    const insist = el("button", { class: "insist", type: "button", text: t.insist, click: () => (this.#unveil(), void this.#submit(true)) });
    const box = el("div", { class: "warning", role: "alertdialog", "aria-modal": "true", "aria-labelledby": "warning", "aria-describedby": "danger" },
      el("h3", { id: "warning", text: t.warningTitle }), el("p", { id: "danger", text: t.warning }), edit, insist);
    box.addEventListener("keydown", (event) => {
      if (event.key !== "Tab") return; // the only two things to reach
      event.preventDefault();
      (this.#focused() === edit ? insist : edit).focus();
    });
    this.veil = el("div", { class: "veil" }, box);
    this.panel.append(this.veil);
    edit.focus();
  }

  #unveil() {
    this.veil?.remove();
    this.veil = undefined;
    this.text.focus();
  }

  #focused() {
    return /** @type {ShadowRoot} */ (this.panel.getRootNode()).activeElement;
  }

  /** @param {string} text */
  #notice(text) {
    this.notice.textContent = text;
    this.notice.hidden = !text;
  }

  async #copy() {
    const number = this.conversation.trackingNumber ?? "";
    try {
      await navigator.clipboard.writeText(number);
    } catch {
      getSelection()?.selectAllChildren(this.number); // not on https: the customer copies by hand
      return;
    }
    this.copy.textContent = this.texts.copied;
    setTimeout(() => (this.copy.textContent = this.texts.copy), 2000);
  }
}

/**
 * An element with its attributes; `text` is its text, `click` what happens when it is pressed.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} name
 * @param {Record<string, string | boolean | ((event: Event) => void)>} attributes
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
function el(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(key, value);
    else if (key === "text") element.textContent = String(value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false) element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}
