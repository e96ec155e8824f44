/** How the widget looks: a sheet of its own shadow tree, which a strict content security policy allows. */

export const STYLE = `
:host {
  --accent: #0b5fff; --on-accent: #fff; --ground: #fff; --raised: #f1f3f6; --text: #15191f; --quiet: #565f6c;
  --line: #868f9c; --warn: #a8071a; --warn-ground: #fff1f0; --shadow: 0 8px 32px rgb(0 0 0 / .24);
  position: fixed; inset: auto 16px 16px auto; z-index: 2147483000;
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "PingFang SC", "Microsoft YaHei",
    "Hiragino Sans", "Noto Sans CJK SC", "Malgun Gothic", sans-serif;
  color: var(--text); color-scheme: light dark;
}
@media (prefers-color-scheme: dark) {
  :host {
    --accent: #8ab4ff; --on-accent: #0b1220; --ground: #14181f; --raised: #232a35; --text: #e9edf3; --quiet: #aab4c2;
    --line: #7a8696; --warn: #ffa39e; --warn-ground: #3a1618;
  }
}
:host([hidden]), [hidden] { display: none !important; }
* { box-sizing: border-box; }
button, textarea { font: inherit; color: inherit; }
button { cursor: pointer; border: 0; background: none; border-radius: 8px; min-height: 32px; padding: 4px 10px; }
button:disabled { cursor: default; opacity: .55; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.launch {
  display: block; margin-left: auto; min-height: 56px; padding: 0 22px; border-radius: 28px; font-weight: 600;
  background: var(--accent); color: var(--on-accent); box-shadow: var(--shadow);
}
.panel {
  display: flex; flex-direction: column; width: 384px; height: min(640px, calc(100dvh - 32px)); overflow: hidden;
  background: var(--ground); border: 1px solid var(--line); border-radius: 16px; box-shadow: var(--shadow);
}
@media (max-width: 480px) {
  :host([open]) { inset: 0; }
  .panel { width: 100vw; height: 100dvh; border: 0; border-radius: 0; }
}
header { display: flex; align-items: center; gap: 8px; padding: 10px 8px 10px 16px; border-bottom: 1px solid var(--line); }
h2 { flex: 1; margin: 0; font-size: 1.05rem; }
.number { display: flex; flex-wrap: wrap; align-items: center; gap: 0 8px; padding: 4px 8px 4px 16px; font-size: .875rem;
  background: var(--raised); }
.number output { font-family: ui-monospace, monospace; font-weight: 600; user-select: all; }
.number button { margin-left: auto; color: var(--accent); }
.state { margin: 0; padding: 6px 16px; font-size: .875rem; background: var(--warn-ground); color: var(--warn); }
.log { flex: 1; overflow-y: auto; padding: 16px; overscroll-behavior: contain; }
.log ol { margin: 0; padding: 0; list-style: none; }
.log li { display: flex; flex-direction: column; align-items: flex-start; margin-bottom: 12px; }
.log li.customer { align-items: flex-end; }
.bubble { max-width: 88%; padding: 8px 12px; border-radius: 14px; background: var(--raised); overflow-wrap: anywhere;
  white-space: pre-wrap; }
.customer .bubble { background: var(--accent); color: var(--on-accent); }
.customer .bubble :focus-visible { outline-color: var(--on-accent); }
.who, .fate { font-size: .8125rem; color: var(--quiet); }
.failed .fate { color: var(--warn); }
.fate button { color: var(--accent); min-height: 28px; padding: 0 6px; text-decoration: underline; }
.files { display: flex; flex-wrap: wrap; gap: 6px; margin: 6px 0 0; padding: 0; }
.files img { display: block; max-width: 200px; max-height: 160px; border-radius: 8px; background: var(--ground); }
.files button { display: inline-block; max-width: 100%; overflow-wrap: anywhere; text-align: left; text-decoration: underline;
  padding: 2px 4px; }
progress { width: 160px; accent-color: var(--accent); }
form { border-top: 1px solid var(--line); padding: 8px; }
form.over { outline: 3px dashed var(--accent); outline-offset: -6px; }
.row { display: flex; align-items: flex-end; gap: 8px; }
textarea { flex: 1; min-width: 0; min-height: 44px; max-height: 160px; resize: none; padding: 9px 12px; background: var(--ground);
  border: 1px solid var(--line); border-radius: 12px; field-sizing: content; }
textarea::placeholder { color: var(--quiet); opacity: 1; }
.row button { min-width: 44px; min-height: 44px; padding: 0 10px; }
.attach { font-size: 1.5rem; line-height: 1; }
.send { background: var(--accent); color: var(--on-accent); font-weight: 600; }
.chosen { display: flex; flex-wrap: wrap; gap: 6px; margin: 0 0 6px; padding: 0; list-style: none; font-size: .875rem; }
.chosen li { display: flex; align-items: center; max-width: 100%; padding-left: 10px; background: var(--raised); border-radius: 8px;
  overflow-wrap: anywhere; }
.notice { margin: 0 0 6px; font-size: .875rem; color: var(--warn); }
.veil { position: absolute; inset: 0; display: flex; align-items: flex-end; padding: 12px; background: rgb(0 0 0 / .5);
  border-radius: inherit; }
.panel { position: relative; }
.warning { padding: 16px; border-radius: 12px; background: var(--ground); border: 2px solid var(--warn); max-height: 100%; overflow: auto; }
.warning h3 { margin: 0 0 8px; color: var(--warn); font-size: 1rem; }
.warning p { margin: 0 0 12px; }
.warning button { display: block; width: 100%; min-height: 44px; margin-top: 6px; }
.warning .edit { background: var(--accent); color: var(--on-accent); font-weight: 600; }
.warning .insist { color: var(--warn); text-decoration: underline; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (prefers-reduced-motion: no-preference) { .log { scroll-behavior: smooth; } .panel { animation: rise .16s ease-out; } }
@keyframes rise { from { transform: translateY(12px); opacity: 0; } }
@media (forced-colors: active) { .bubble, .launch, .send { border: 1px solid; } }
`;
