/** Shows how to answer the case that was just opened. */

document.addEventListener("fanin-tracking", async (event) => {
  const number = /** @type {CustomEvent<string>} */ (event).detail;
  const { private: address } = await (await fetch("/demo/where.json")).json();
  const command = /** @type {HTMLElement} */ (document.getElementById("command"));
  const code = /** @type {HTMLElement} */ (command.firstElementChild);
  code.textContent =
    `curl http://${address}/v1/tickets/${number}/replies -H "Idempotency-Key: $(date +%s)" \\\n` +
    `  -H 'Content-Type: application/json' -d '{"text": "We are looking at it.", "author": "Demo"}'`;
  command.hidden = false;
  /** @type {HTMLElement} */ (document.getElementById("answer")).textContent = "Answer it as your helpdesk would:";
});
